"""Which pages and slices of an entity wait, until when, and what for."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from shared.engine.runs.outages import Outage
from shared.engine.runs.progress import EntityProgress
from shared.model.json import JsonObject
from shared.model.ledger import PageRow, PageState, Stage
from shared.model.reasons import REASONS, Reaction
from shared.ports.evidence import by_method, merged

_FINE = "ok"


def parked(entity: EntityProgress, now: float) -> list[PageRow]:
    """Rows that are put away until later than ``now`` (seconds since 1970)."""
    rows = (*entity.pages, *entity.slices, *entity.patches, *entity.proof)
    return [row for row in rows if row.state is PageState.PENDING and row.not_before > now]


def waiting(rows: Sequence[PageRow], outages: Iterable[Outage]) -> JsonObject | None:
    """``{"pages", "until", "reason", "message"}`` of parked rows, None for none; ``until`` is when the first goes on.

    The reason is what a method was last refused with most often, as far as the pages have noted it; else that of an
    outage of the side that they wait for.
    """
    if not rows:
        return None
    until = datetime.fromtimestamp(min(row.not_before for row in rows), UTC).replace(microsecond=0)
    reason, message = _refusal(rows) or _outage(rows, outages) or (None, None)
    return {
        "pages": len(rows),
        "until": until.isoformat().replace("+00:00", "Z"),
        "reason": reason,
        "message": message,
    }


def _refusal(rows: Sequence[PageRow]) -> tuple[str, str] | None:
    table = by_method(merged(*(row.calls for row in rows)))
    refused = Counter(
        {
            (method, verdict): count
            for method, verdicts in table.items()
            for verdict, count in verdicts.items()
            if verdict != _FINE
        }
    )
    if not refused:
        return None
    (method, verdict), _ = refused.most_common(1)[0]
    limited = REASONS[verdict].reaction is Reaction.SLOW_DOWN if verdict in REASONS else False
    return verdict, f"{method} {'rests' if limited else 'fails, and is tried again'}"


def _outage(rows: Sequence[PageRow], outages: Iterable[Outage]) -> tuple[str, str] | None:
    sides = {"source" if row.key.stage is Stage.EXTRACT else "target" for row in rows}
    return next(((one.reason, one.message) for one in outages if one.system in sides), None)
