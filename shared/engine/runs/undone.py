"""What the rows of a run's last undo add up to."""

from collections.abc import Iterable

from shared.engine.runs.noting import ROLLBACK, ROLLED_BACK
from shared.model.json import JsonObject
from shared.model.ledger import Counts, PageRow, PageState, Stage
from shared.model.run import Run


def of_last_undo(run: Run, rows: Iterable[PageRow]) -> list[PageRow]:
    """Those of ``rows`` that belong to the run's last undo; the number of the undo stands where others have a range."""
    return [row for row in rows if row.key.stage is Stage.UNDO and row.key.range_no == run.undos]


def undo_figures(run: Run, rows: Iterable[PageRow]) -> JsonObject | None:
    """``entities`` (restored, deleted, kept, failed of each), ``steps`` (total, done), ``began_at``, ``ended_at``.

    Steps are those that are known by now; instants are ISO text, the last None while it works. None of a run that
    nobody undid.
    """
    if not run.undos:
        return None
    known = of_last_undo(run, rows)
    sums: dict[str, Counts] = {}
    for row in known:
        sums[row.key.entity] = sums.get(row.key.entity, Counts()) + row.counts
    return {
        "entities": {
            name: {"restored": one.restored, "deleted": one.deleted, "kept": one.kept, "failed": one.failed}
            for name, one in sums.items()
        },
        "steps": {"total": len(known), "done": sum(row.state is not PageState.PENDING for row in known)},
        "began_at": _last(run, ROLLBACK),
        "ended_at": None if run.undo else _last(run, ROLLED_BACK),
    }


def _last(run: Run, action: str) -> str | None:
    return next((str(one["at"]) for one in reversed(run.actions) if one["action"] == action), None)
