"""Progress of a run as the ledger tells it. Everything is a sum over rows; nothing is counted on the way."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

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
    compared: list[PageRow] = field(default_factory=list)
    verified: list[PageRow] = field(default_factory=list)
    missing: list[PageRow] = field(default_factory=list)

    @property
    def generation(self) -> int:
        """Grows when work is added to what is settled: pages, slices, patches, or another try of them."""
        rows = (*self.pages, *self.slices, *self.patches)
        return len(rows) + sum(row.earlier for row in rows)

    @property
    def listings(self) -> list[PageRow]:
        """Pages of what the target lists, as long as they tell of the work that is done now."""
        return self._compared(part=0)

    @property
    def strays(self) -> list[PageRow]:
        """The row that looks for what should not be at the target."""
        return self._compared(part=1)

    @property
    def verifications(self) -> list[PageRow]:
        """Slices that are read back, as long as they tell of the work that is done now."""
        now = self.generation
        return [row for row in self.verified if (row.cursor or {})["of"] == now]

    def _compared(self, part: int) -> list[PageRow]:
        now = self.generation
        return [row for row in self.compared if row.key.part == part and row.key.range_no == now]

    def steps(self, part: int) -> list[PageRow]:
        """Rows of one step of looking for what the source has no more (see ``shared.engine.runs.missing``)."""
        return [row for row in self.missing if row.key.part == part]

    @property
    def no_longer(self) -> Counts:
        """What they found and did."""
        return Counts.total(row.counts for row in self.missing)

    @property
    def proof(self) -> list[PageRow]:
        """All that proves the work that is done now."""
        return [*self.listings, *self.verifications, *self.strays]

    @property
    def proven(self) -> Counts:
        """Sum over the rows of the proof."""
        return Counts.total(row.counts for row in self.proof)

    @property
    def rows(self) -> list[PageRow]:
        """All that tells of the work that is done now."""
        return [*self.pages, *self.slices, *self.patches, *self.missing, *self.proof]

    @property
    def transactions(self) -> int:
        """Those of storage that its rows took."""
        return sum(row.transactions for row in self.rows)

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
    def safely_in(self) -> bool:
        """Whether nothing of it was given up but single records, which are dead letters, and nothing was unreadable."""
        given_up = any(row.state is PageState.DEAD for row in (*self.pages, *self.slices, *self.patches))
        return self.settled and not (self.blocked or self.row.incomplete or given_up)

    @property
    def done(self) -> int:
        """Rows of all stages that nobody has to work on any more."""
        worked = (*self.pages, *self.slices, *self.patches, *self.missing, *self.compared, *self.verified)
        return sum(row.state is not PageState.PENDING for row in worked)

    @property
    def open_rows(self) -> list[PageRow]:
        """Rows that workers may work on, now or when they have waited, and have not done yet."""
        if self.blocked:
            return []
        open_slices = (*self.slices, *self.patches, *self.missing, *self.proof) if self.row.import_open else ()
        return _pending((*self.pages, *open_slices))

    @property
    def calls(self) -> dict[str, int]:
        """Source calls by method and verdict, over cutting and all pages."""
        return merged(self.row.calls, *(page.calls for page in (*self.pages, *self.steps(0))))

    @property
    def target_calls(self) -> dict[str, int]:
        """Target calls by method and verdict, over all slices and patches, and what it took to prove them."""
        return merged(*(row.calls for row in self._written))

    @property
    def _written(self) -> tuple[PageRow, ...]:
        """Rows whose calls went to the target."""
        return (*self.slices, *self.patches, *self.steps(3), *self.compared, *self.verified)

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
        """Sum over all rows: of each record that was read what became of it, once.

        What records came to that were made again is apart; letters and flaws of theirs are among all others.
        """
        rows = (*self.pages, *self.slices, *self.patches)
        whole, again = Counts.total(row.counts for row in rows), self.again
        return replace(whole, **{name: getattr(whole, name) - getattr(again, name) for name in _OF_THOSE_READ})

    @property
    def again(self) -> Counts:
        """What came of records that were made again, most of which this run has not read, or had found unchanged."""
        return Counts.total(row.counts for row in (*self.slices, *self.patches) if row.key.makes_again)


_OF_THOSE_READ = ("imported", "created", "updated", "skipped", "duplicate", "failed", "patched", "left_out")


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
            by_stage = {Stage.EXTRACT: place.pages, Stage.PATCH: place.patches}
            by_stage |= dict.fromkeys((Stage.IMPORT, Stage.REDRIVE), place.slices)
            by_stage |= {Stage.DELETE: place.missing, Stage.COMPARE: place.compared, Stage.VERIFY: place.verified}
            by_stage.get(row.key.stage, []).append(row)
    return progress
