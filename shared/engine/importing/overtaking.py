"""Records that a later run has written: who comes after it with an older version leaves them alone.

A run comes late when its dead letters are requeued after other runs of the plan; one that writes nothing needs no lock,
and others may write while it looks.
"""

from collections.abc import Iterable
from datetime import datetime

from shared.model.idmap import IdMapEntry
from shared.model.run import Run
from shared.ports.stores import RunStore


def written_since(run: Run, entry: IdMapEntry) -> bool:
    """Whether another run wrote (or an undo restored) the record of ``entry`` after ``run`` began."""
    return entry.run_id != run.run_id and entry.imported_at > run.started_at and not entry.made_up


async def writing_beside(runs: RunStore, run: Run) -> Run | None:
    """Another run of the plan that wrote while ``run``, which takes no lock, was looking; None: there is none."""
    others = [one for one in await runs.list(plan=run.plan) if one.run_id != run.run_id and one.mode.writes]
    return next((one for one in others if _worked_since(one, run.started_at)), None)


def _worked_since(run: Run, moment: datetime) -> bool:
    """Whether it works, or ended, was halted, paused or the like after ``moment``."""
    acted = [datetime.fromisoformat(str(action["at"])) for action in run.actions]
    times = [*acted, *(one for one in (run.finished_at, run.halted_at) if one is not None)]
    return run.state.works or any(one > moment for one in times)


async def overtaken(runs: RunStore, run: Run, entries: Iterable[IdMapEntry]) -> frozenset[str]:
    """Source ids of those records of ``entries`` that a run which began later has written, and nobody has undone."""
    suspects = [entry for entry in entries if written_since(run, entry)]
    writers = [await runs.get(run_id) for run_id in sorted({entry.run_id for entry in suspects})]
    later = {one.run_id: one for one in writers if one is not None and one.started_at > run.started_at}
    return frozenset(
        entry.source_id
        for entry in suspects
        if entry.run_id in later and entry.entity not in later[entry.run_id].undone
    )
