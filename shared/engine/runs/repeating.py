"""Repeating: a caller who got no answer asks for the same run again, and gets it, not a second one.

The caller names its request by a key of its own. What is kept is a digest of the key, a digest of the request, and the
id that the run has or is going to have, which is written before the run is: two requests at a time begin one run.
"""

import hashlib
from dataclasses import dataclass, field

from shared.engine.clock import Clock
from shared.engine.runs.locking import is_abandoned
from shared.engine.runs.refusals import ControlError
from shared.model.errors import Conflict
from shared.model.json import JsonObject
from shared.model.run import Run
from shared.ports.stores import RunStore, SharedRows

_KIND = "started"
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Named:
    """A request as its caller named it: by ``key``, and with ``body``, a text that is the same for the same request."""

    key: str = field(repr=False)
    body: str

    @property
    def row(self) -> str:
        """Name of its row."""
        return _digest(self.key)

    @property
    def digest(self) -> str:
        """Tells the request from others with the same key."""
        return _digest(self.body)


@dataclass(frozen=True, slots=True)
class Repeats:
    """Knows requests again."""

    rows: SharedRows
    runs: RunStore
    clock: Clock

    async def begun(self, named: Named) -> Run | None:
        """The run that an earlier one of this request began. Raises ControlError KEY_REUSED."""
        value = (await self.rows.read(_KIND, named.row)).value
        return None if value is None else await self.runs.get(_run_id(named, value))

    async def promised(self, named: Named, run_id: str) -> str:
        """The id under which the run begins, or has begun: ``run_id``, unless another request was first.

        An id that was promised a while ago and never used counts no more: a lock under it is anybody's. Raises
        ControlError KEY_REUSED, and RUN_ALREADY_ACTIVE while too many ask at once.
        """
        for _ in range(_ATTEMPTS):
            stored = await self.rows.read(_KIND, named.row)
            if stored.value is not None:
                first = _run_id(named, stored.value)
                if not is_abandoned(first, self.clock.now()) or await self.runs.get(first) is not None:
                    return first
            try:
                await self.rows.write(_KIND, named.row, {"run_id": run_id, "body": named.digest}, stored.etag)
            except Conflict:
                continue
            return run_id
        raise ControlError("RUN_ALREADY_ACTIVE", "This very request is being carried out; look at the runs")

    async def forget(self, named: Named) -> None:
        """Its run ended before it began: the request counts as never sent."""
        await self.rows.delete(_KIND, named.row)


def _run_id(named: Named, value: JsonObject) -> str:
    if value["body"] != named.digest:
        message = "The Idempotency-Key was sent before with another request; take a new key for a new request"
        raise ControlError("KEY_REUSED", message)
    return str(value["run_id"])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
