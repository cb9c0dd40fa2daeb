"""Outages: which side is out and since when, as one shared row that every process sees."""

import contextlib
from dataclasses import dataclass, field

from shared.engine.clock import Clock
from shared.model.errors import Conflict, PortageError, RetryLater
from shared.ports.stores import SharedRows

_KIND = "outage"
_SIDES = ("source", "target")
"""What a run waits for as a whole. Servers of files are waited for by the pages with their files alone."""

_REPORT_EVERY = 2.0
_FORGOTTEN = 60.0
"""Seconds without a report after which the next one is of another outage."""


@dataclass(frozen=True, slots=True)
class Outage:
    """One side that the run waits for. ``since`` counts seconds since 1970.

    ``out`` is False while the side answers, but only to say that its limit is reached: that never halts a run.
    """

    system: str
    since: float
    reason: str
    message: str
    out: bool = True


@dataclass(slots=True)
class Outages:
    """Reported by workers, read and cleared by the run's orchestration."""

    rows: SharedRows
    clock: Clock
    _reported: dict[tuple[str, str, bool], tuple[float, float]] = field(default_factory=dict)

    async def report(self, run_id: str, error: PortageError) -> float:
        """Note that ``error.system`` is out (or refuses more calls) for this run; the first report says since when.

        Answers for how many seconds it has been so, as far as this process knows.
        """
        out = isinstance(error, RetryLater)
        place = (run_id, error.system, out)
        now = self.clock.monotonic()
        first, latest = self._reported.get(place, (now, float("-inf")))
        if now - latest < _REPORT_EVERY:
            return now - first
        if now - latest > _FORGOTTEN:
            first = now
        self._reported[place] = (first, now)
        if error.system in _SIDES:
            await self._note(run_id, error, out=out)
        return now - first

    async def _note(self, run_id: str, error: PortageError, *, out: bool) -> None:
        name = f"{run_id}:{error.system}"
        stored = await self.rows.read(_KIND, name)
        if stored.value is not None and (stored.value.get("out", True) or not out):
            return
        row = {"since": self.clock.seconds(), "reason": error.reason.code, "message": error.message, "out": out}
        with contextlib.suppress(Conflict):  # another worker was first, which is what "since" means
            await self.rows.write(_KIND, name, row, stored.etag)

    async def of(self, run_id: str) -> list[Outage]:
        """The sides that a run waits for, the longest first."""
        found = []
        for system in _SIDES:
            row = (await self.rows.read(_KIND, f"{run_id}:{system}")).value
            if row is not None:
                out = bool(row.get("out", True))
                found.append(Outage(system, float(row["since"]), row["reason"], row["message"], out))
        return sorted(found, key=lambda outage: outage.since)

    async def clear(self, run_id: str, *systems: str) -> None:
        """The side answers again (or the operator says: try anew)."""
        for system in systems:
            for out in (True, False):
                self._reported.pop((run_id, system, out), None)
            await self.rows.delete(_KIND, f"{run_id}:{system}")
