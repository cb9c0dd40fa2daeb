"""The list of runs as the HTTP API tells it, page by page."""

from shared.engine.runs.control import LONGEST_ID
from shared.model.run import Run
from shared.ports.stores import RunStore
from triggers.queries import invalid


async def page(
    runs: RunStore, size: int, *, plan: str | None = None, state: str | None = None, after: str | None = None
) -> tuple[list[Run], str | None]:
    """Up to ``size`` runs that began before the run ``after``, newest first, and the id of the last if more follow.

    A place stays good when its run changes its state, and when others begin. Raises Problem INVALID_REQUEST for an
    ``after`` that is the id of no run.
    """
    found = await runs.list(plan=plan, state=state)
    if after is not None:
        last = await runs.get(after) if len(after) <= LONGEST_ID else None
        if last is None:
            raise invalid("after", "expected what an answer gave as next")
        found = [run for run in found if (run.started_at, run.run_id) < (last.started_at, last.run_id)]
    return found[:size], found[size - 1].run_id if len(found) > size else None
