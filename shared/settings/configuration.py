"""The settings of this process as they were read last, and how they are read again."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from shared.settings.layers import Rows, Snapshot
from shared.settings.model import Settings, SettingsError

_LOG = logging.getLogger("portage.settings")

INTERVAL = 60.0
"""Seconds after which a change of a setting or a feature flag is seen at the latest."""

_UNCHANGED_FOR = 5.0
"""Seconds for which a secret that turned out to be unchanged is not asked for again."""

_Secret = TypeVar("_Secret")


@dataclass(slots=True)
class Configuration:
    """What the app goes by. ``read`` asks every source anew; without it the settings never change.

    ``trouble`` says why the last attempt to read failed: then what was read before stays in force.
    """

    snapshot: Snapshot
    read: Callable[[], Awaitable[Snapshot]] | None = None
    ticks: Callable[[], float] = time.monotonic
    trouble: str | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False, repr=False)
    _asked_at: float | None = field(default=None, init=False, repr=False)

    @property
    def settings(self) -> Settings:
        """The settings now."""
        return self.snapshot.settings

    @property
    def rows(self) -> Rows:
        """Every setting with its source, for ``portage doctor``."""
        return self.snapshot.rows

    def disabled(self, plan: str) -> bool:
        """Whether the plan is switched off."""
        return plan in self.snapshot.disabled_plans

    async def refresh(self) -> None:
        """Read every source again; one that does not answer, or a wrong value, leaves everything as it was.

        So does a defect: whoever asks is in the middle of other work.
        """
        if self.read is None:
            return
        try:
            self.snapshot = await self.read()
        except SettingsError as error:
            self.trouble = str(error)
            _LOG.warning("settings stay as they are: %s", error)
        except Exception as error:
            self.trouble = f"could not be read again ({type(error).__name__}); the log has the trace"
            _LOG.exception("settings could not be read again")
        else:
            self.trouble = None

    async def keep_fresh(self) -> None:
        """Read again every ``INTERVAL`` seconds until cancelled; at once done when there is nothing to read."""
        while self.read is not None:
            await asyncio.sleep(INTERVAL)
            async with self._lock:
                await self.refresh()

    async def successor(self, pick: Callable[[Settings], _Secret], refused: _Secret) -> _Secret | None:
        """What the other side may take instead of ``refused``; None when there is nothing else.

        ``pick`` finds the secret among the settings. Those who ask at once cause one reading.
        """
        async with self._lock:
            if (now := pick(self.settings)) != refused:
                return now
            if self._asked_at is not None and self.ticks() - self._asked_at < _UNCHANGED_FOR:
                return None
            await self.refresh()
            now = pick(self.settings)
            self._asked_at = self.ticks() if now == refused else None
            return None if now == refused else now
