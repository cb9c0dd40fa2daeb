"""Whether a worker may act: its run works, and its message is of the current generation."""

from dataclasses import dataclass, field

from shared.engine.clock import Clock
from shared.model.run import Run
from shared.ports.stores import RunStore

_FRESH = 1.0
"""Seconds for which a run row that was read stays good; pause and cancel take hold within this time."""


@dataclass(slots=True)
class Admission:
    """Reads run rows at most once a second for all workers of the process."""

    runs: RunStore
    clock: Clock
    _seen: dict[str, tuple[float, Run | None]] = field(default_factory=dict)

    async def run(self, run_id: str, epoch: int) -> Run | None:
        """The run if its workers may act in generation ``epoch``, else None. A refusal is never an old one."""
        read_at, run = self._seen.get(run_id, (float("-inf"), None))
        if self.clock.monotonic() - read_at < _FRESH and _admits(run, epoch):
            return run
        run = await self.runs.get(run_id)
        now = self.clock.monotonic()
        self._seen = {key: seen for key, seen in self._seen.items() if now - seen[0] < _FRESH} | {run_id: (now, run)}
        return run if _admits(run, epoch) else None


def _admits(run: Run | None, epoch: int) -> bool:
    return run is not None and run.state.works and run.epoch == epoch
