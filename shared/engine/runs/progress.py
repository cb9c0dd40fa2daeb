"""Progress of a run as the ledger tells it. Everything is a sum over rows; nothing is counted on the way."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.model.ledger import Counts, EntityRow, PageRow, PageState, Stage
from shared.model.plan import Plan
from shared.ports.evidence import merged
from shared.transform.coverage import added_up


@dataclass(slots=True)
class EntityProgress:
    """One entity: its progress row and its ledger rows by stage."""

    name: str
    row: EntityRow
    pages: list[PageRow] = field(default_factory=list)
    slices: list[PageRow] = field(default_factory=list)
    patches: list[PageRow] = field(default_factory=list)

    @property
    def extracted(self) -> bool:
        """All ranges are cut and no page is pending (or the entity is blocked for good)."""
        return self.row.ranges is not None and not _pending(self.pages)

    @property
    def imported(self) -> bool:
        """Everything extracted has had its first import."""
        return self.extracted and not _pending(self.slices)

    @property
    def settled(self) -> bool:
        """Nothing is left to do, patches included."""
        return self.blocked or (self.imported and self.row.patch_open and not _pending(self.patches))

    @property
    def blocked(self) -> bool:
        """The entity was stopped; the others go on without it."""
        return self.row.blocked_by is not None

    @property
    def done(self) -> int:
        """Rows of all stages that nobody has to work on any more."""
        return sum(row.state is not PageState.PENDING for row in (*self.pages, *self.slices, *self.patches))

    @property
    def open_rows(self) -> list[PageRow]:
        """Rows that workers may work on, now or when they have waited, and have not done yet."""
        if self.blocked:
            return []
        open_slices = (*self.slices, *self.patches) if self.row.import_open else ()
        return _pending((*self.pages, *open_slices))

    @property
    def calls(self) -> dict[str, int]:
        """Source calls by method and verdict, over cutting and all pages."""
        return merged(self.row.calls, *(page.calls for page in self.pages))

    @property
    def target_calls(self) -> dict[str, int]:
        """Target calls by method and verdict, over all slices and patches."""
        return merged(*(row.calls for row in (*self.slices, *self.patches)))

    @property
    def undecided(self) -> dict[str, int]:
        """Source fields that nobody decided about, with the number of records in which each holds something."""
        return added_up(row.undecided for row in self.slices)

    @property
    def coverage(self) -> dict[str, int]:
        """What the pages tell of how much could be seen, and what was found before them."""
        return merged(self.row.coverage, *(page.coverage for page in self.pages))

    @property
    def failed(self) -> int:
        """Records given up one by one, in reading and in importing; nobody judged those of a page that was dead."""
        rows = (*self.pages, *self.slices, *self.patches)
        return sum(row.counts.dead_lettered for row in rows if row.state is PageState.DONE)

    @property
    def counts(self) -> Counts:
        """Sum over all rows."""
        return sum((row.counts for row in (*self.pages, *self.slices, *self.patches)), Counts())


def _pending(rows: Iterable[PageRow]) -> list[PageRow]:
    return [row for row in rows if row.state is PageState.PENDING]


def assemble(
    plan: Plan, names: Iterable[str], run_id: str, entities: dict[str, EntityRow], rows: Iterable[PageRow]
) -> dict[str, EntityProgress]:
    """Progress by entity, in plan order."""
    chosen = set(names)
    progress = {
        entity.name: EntityProgress(entity.name, entities.get(entity.name, EntityRow(run_id, entity.name)))
        for entity in plan.entities
        if entity.name in chosen
    }
    for row in rows:
        if place := progress.get(row.key.entity):
            by_stage = {Stage.EXTRACT: place.pages, Stage.IMPORT: place.slices, Stage.PATCH: place.patches}
            by_stage[row.key.stage].append(row)
    return progress
