"""Outages: which side is out and since when, as one shared row that every process sees."""

from dataclasses import dataclass, field

from shared.engine.clock import Clock
from shared.model.errors import Conflict, PortageError
from shared.ports.stores import SharedRows

_KIND = "outage"
_REPORT_EVERY = 2.0


@dataclass(frozen=True, slots=True)
class Outage:
    """One side that does not answer. ``since`` counts seconds since 1970."""

    system: str
    since: float
    reason: str
    message: str


@dataclass(slots=True)
class Outages:
    """Reported by workers, read and cleared by the run's orchestration."""

    rows: SharedRows
    clock: Clock
    _reported: dict[tuple[str, str], float] = field(default_factory=dict)

    async def report(self, run_id: str, error: PortageError) -> None:
        """Note that ``error.system`` is out for this run; the first report says since when."""
        place = (run_id, error.system)
        if self.clock.monotonic() - self._reported.get(place, float("-inf")) < _REPORT_EVERY:
            return
        self._reported[place] = self.clock.monotonic()
        name = f"{run_id}:{error.system}"
        stored = await self.rows.read(_KIND, name)
        if stored.value is not None:
            return
        row = {"since": self.clock.seconds(), "reason": error.reason.code, "message": error.message}
        try:
            await self.rows.write(_KIND, name, row, None)
        except Conflict:
            return  # another worker was first, which is what "since" means

    async def of(self, run_id: str, systems: tuple[str, ...] = ("source", "target")) -> list[Outage]:
        """The sides that are out for a run, the longest first."""
        found = []
        for system in systems:
            row = (await self.rows.read(_KIND, f"{run_id}:{system}")).value
            if row is not None:
                found.append(Outage(system, float(row["since"]), row["reason"], row["message"]))
        return sorted(found, key=lambda outage: outage.since)

    async def clear(self, run_id: str, *systems: str) -> None:
        """The side answers again (or the operator says: try anew)."""
        for system in systems:
            self._reported.pop((run_id, system), None)
            await self.rows.delete(_KIND, f"{run_id}:{system}")
