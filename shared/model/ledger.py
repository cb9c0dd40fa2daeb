"""The ledger's rows: which pages and slices exist, which are done, and what came of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from enum import StrEnum
from operator import attrgetter

from shared.model.json import JsonObject

MADE_AGAIN = 99_999
"""In the place of a range: patches of records that are made again for what they refer to, behind all that are read."""


class Stage(StrEnum):
    """What a ledger row stands for."""

    EXTRACT = "extract"  # one source call
    IMPORT = "import"  # up to 1,000 rows of an extracted page
    PATCH = "patch"  # the records of a slice again, once every reference can be resolved
    REDRIVE = "redrive"  # records of a slice again that a person requeued, and others that waited for them
    COMPARE = "compare"  # a page of what the target lists of an entity; part 1: what is there and should not be
    VERIFY = "verify"  # the records of a slice read back from the target
    DELETE = "delete"  # what the source has no more: part 0 looks for it, part 1 deletes it at the target
    UNDO = "undo"  # one call that undoes, or a slice whose records are looked up after it

    @property
    def letter(self) -> str:
        """First letter of the row's key; keeps the stages of a range apart in one partition."""
        return self.value[0]


class PageState(StrEnum):
    """Whether a row still has to be worked on."""

    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, order=True)
class PageKey:
    """Identity of a ledger row.

    ``seq`` is the number of the page in its range, ``part`` that of the slice in its page (0 for extraction).
    """

    run_id: str
    entity: str
    range_no: int
    stage: Stage
    seq: int
    part: int = 0

    @property
    def partition(self) -> str:
        """All rows of one range share a partition, so that a page and what follows from it commit together."""
        return f"{self.run_id}:{self.entity}:{self.range_no:05d}"

    @property
    def row(self) -> str:
        """Sorts by stage, page and slice."""
        return f"{self.stage.letter}-{self.seq:07d}-{self.part:03d}"

    @property
    def makes_again(self) -> bool:
        """Whether its records need not be among those that the run has read; see ``MADE_AGAIN``."""
        return self.range_no == MADE_AGAIN

    @property
    def place(self) -> str:
        """Names the row within the entity of its run: ``{range}/{row}``."""
        return f"{self.range_no}/{self.row}"

    @staticmethod
    def at(run_id: str, entity: str, place: str) -> "PageKey":
        """The inverse of ``place``. Raises ValueError for what is none."""
        range_no, _, row = place.partition("/")
        letter, seq, part = row.split("-")
        stage = next((stage for stage in Stage if stage.letter == letter), None)
        if stage is None:
            raise ValueError(place)
        return PageKey(run_id, entity, int(range_no), stage, int(seq), int(part))


@dataclass(frozen=True, slots=True)
class Counts:
    """What came of a page or slice. Status adds these up; a page is overwritten whole, so a retry counts once.

    ``transient`` counts how often the target stumbled over a record, ``persistent`` of those what never went well.
    From ``verified`` on they are what a proof found, see ``shared.engine.proof.figures``. ``gone`` are records that the
    source has no more, ``unseen`` those that it does not show though they may be there, ``held`` those whose deletion
    was held back because there are too many, of ``known`` ones.
    """

    extracted: int = 0
    imported: int = 0
    created: int = 0
    updated: int = 0
    skipped: int = 0
    duplicate: int = 0
    failed: int = 0
    dead_lettered: int = 0
    patched: int = 0
    deferred: int = 0
    retargeted: int = 0
    unresolved: int = 0
    flawed: int = 0
    placeholders: int = 0
    left_out: int = 0
    source_calls: int = 0
    transient: int = 0
    persistent: int = 0
    restored: int = 0
    deleted: int = 0
    kept: int = 0
    gone: int = 0
    unseen: int = 0
    held: int = 0
    known: int = 0
    verified: int = 0
    differing: int = 0
    missing: int = 0
    absent: int = 0
    orphaned: int = 0
    unread: int = 0
    sampled: int = 0
    unequal: int = 0
    unopened: int = 0
    listed: int = 0
    counted: int = 0
    repeated: int = 0
    extra: int = 0
    foreign: int = 0
    findings: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Field by field."""
        return Counts(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    @staticmethod
    def total(counts: Iterable["Counts"]) -> "Counts":
        """The sum of many."""
        columns = zip(*map(_figures, counts), strict=True)
        return Counts(*map(sum, columns))

    def __sub__(self, other: "Counts") -> "Counts":
        """Field by field: what a row counts that takes records over from another, which keeps its own counts."""
        return Counts(**{f.name: getattr(self, f.name) - getattr(other, f.name) for f in fields(self)})


_figures = attrgetter(*(one.name for one in fields(Counts)))


@dataclass(frozen=True, slots=True)
class PageRow:
    """One row of the ledger. Times are seconds since 1970 by the writer's clock; nothing is ordered by them.

    ``cursor`` says where an extraction page starts (opaque to the engine), or which lines of ``blob`` a slice covers.
    ``enqueued_at`` is when generation ``enqueued_by`` of the run last sent a wake-up for it, ``not_before`` when it may
    next do so. ``held_by`` is the worker that works on a slice, until ``held_until`` unless it moves that on; ``solo``
    says that a page had its retry alone after it crashed workers. ``in_turn`` says that a slice was looked at early and
    has something to send, so that it waits for its entity's turn. ``receipts`` is the blob that tells what came of a
    slice; on a patch that is still pending, of the slice that it patches. ``calls`` counts the calls made for a row,
    refused and failed ones too: ``{"user.get ok": 3}``; those of a page went to the source, those of a slice or patch
    to the target. ``undecided`` are the source fields of a slice that nobody decided about, with the number of records
    in which each holds something. ``ids_digest`` is that of a page's source ids in their order, on which slices rely.
    ``earlier`` counts the attempts of before its dead letters were requeued, ``wakes`` the wake-ups of this generation
    that nobody has answered by putting the row away or completing it.
    ``transactions`` are those of storage that the attempt took which completed the row, and those before it that told.
    ``seal`` is the digest of a slice that is in the target for good. ``making_up`` are ids, by entity, of which its
    worker set out to make up records: it, or another slice, may have done so.
    """

    key: PageKey
    state: PageState = PageState.PENDING
    cursor: JsonObject | None = None
    blob: str | None = None
    raw_blob: str | None = None
    receipts: str | None = None
    counts: Counts = Counts()
    enqueued_at: float | None = None
    enqueued_by: int = 0
    held_by: str | None = None
    held_until: float = 0.0
    solo: bool = False
    in_turn: bool = False
    not_before: float = 0.0
    completed_at: float | None = None
    attempts: int = 0
    earlier: int = 0
    wakes: int = 0
    reason: str | None = None
    calls: dict[str, int] = field(default_factory=dict)
    transactions: int = 0
    coverage: dict[str, int] = field(default_factory=dict)
    undecided: dict[str, int] = field(default_factory=dict)
    ids_digest: str | None = None
    seal: str | None = None
    making_up: dict[str, list[str]] = field(default_factory=dict)
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class EntityRow:
    """Progress of one entity in a run, as far as pages do not say it.

    ``cut`` is the blob with the ranges once they are decided, ``ranges`` their number once all are in the ledger;
    ``expected`` is the source's own count, as advice.
    ``recut``: pages that it follows were given up and are read again, so that there may be more ranges than ``cut``
    has. ``blocked_by`` is the reason that stopped this entity alone. ``incomplete`` tells what of the entities that it
    follows could not be read, and is missing here too. ``calls`` are those that cutting it took, ``coverage`` what was
    found about the entity before any page. ``since`` (ISO) is from when on a delta reads what changed; None: it is read
    whole.
    """

    run_id: str
    entity: str
    cut: str | None = None
    ranges: int | None = None
    recut: bool = False
    expected: int | None = None
    import_open: bool = False
    patch_open: bool = False
    blocked_by: str | None = None
    message: str | None = None
    incomplete: str | None = None
    since: str | None = None
    calls: dict[str, int] = field(default_factory=dict)
    coverage: dict[str, int] = field(default_factory=dict)
    etag: str | None = None
