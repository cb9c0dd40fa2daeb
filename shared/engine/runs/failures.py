"""How a run stands with failures: dead letters among the records attempted, and what trying again was good for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.engine.runs.progress import EntityProgress
from shared.model.json import JsonObject
from shared.model.ledger import PageRow, PageState
from shared.model.reasons import REASONS, Reaction
from shared.ports.evidence import by_method


@dataclass(frozen=True, slots=True)
class Failures:
    """Sums over a run's rows. ``transient`` failures may pass: calls that broke, and records that the target stumbled
    over. Of those, ``resolved`` went well when they were tried again, and ``persistent`` never did; others are still
    being tried.
    """

    attempted: int = 0
    dead_lettered: int = 0
    transient: int = 0
    resolved: int = 0
    persistent: int = 0

    @property
    def dead_letter_share(self) -> float:
        """Dead letters to a record attempted; 0 when there are neither."""
        return self.dead_lettered / self.attempted if self.attempted else 0.0

    @property
    def resolved_share(self) -> float | None:
        """Of the transient failures that are decided, those that went well in the end; None when there are none."""
        decided = self.resolved + self.persistent
        return self.resolved / decided if decided else None

    def document(self) -> JsonObject:
        """As callers get it."""
        share = self.resolved_share
        return {
            "attempted": self.attempted,
            "dead_lettered": self.dead_lettered,
            "dead_letter_share": round(self.dead_letter_share, 6),
            "transient": self.transient,
            "resolved": self.resolved,
            "persistent": self.persistent,
            "resolved_share": None if share is None else round(share, 6),
        }


def failures_of(progress: Iterable[EntityProgress]) -> Failures:
    """Those of a run, or of some of its entities."""
    attempted = dead = transient = persistent = resolved = 0
    for entity in progress:
        counts = entity.counts
        attempted += counts.imported + counts.skipped + counts.duplicate + counts.dead_lettered
        dead += counts.dead_lettered
        cutting = _stumbles(entity.row.calls)
        transient += cutting
        resolved += cutting if entity.row.ranges is not None else 0
        for row in (*entity.pages, *entity.slices, *entity.patches):
            all_of_row = _stumbles(row.calls) + row.counts.transient
            transient += all_of_row
            lost = _lost(row, all_of_row)
            persistent += lost
            resolved += all_of_row - lost if row.state is not PageState.PENDING else 0
    return Failures(attempted, dead, transient, resolved, persistent)


def _lost(row: PageRow, stumbles: int) -> int:
    """Of the transient failures of a row, those that were the end of something."""
    if row.state is PageState.DEAD:
        return stumbles
    return min(row.counts.persistent, stumbles) if row.state is PageState.DONE else 0


def _stumbles(calls: Mapping[str, int]) -> int:
    """Calls that broke in a way that may pass; a limit that is reached is none."""
    return sum(
        count
        for verdicts in by_method(dict(calls)).values()
        for verdict, count in verdicts.items()
        if verdict in REASONS and REASONS[verdict].reaction is Reaction.RETRY_LATER
    )
