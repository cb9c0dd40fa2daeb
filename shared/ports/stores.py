"""Ports to what Portage remembers. All of them are async and safe to share between workers of one process.

Every method may raise ``RetryLater("storage.unreachable", …)`` when the store stays out after its own short retries.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.model.idmap import IdMapEntry
from shared.model.json import JsonObject
from shared.model.ledger import EntityRow, PageKey, PageRow, Stage
from shared.model.records import DeadLetter, LetterPlace
from shared.model.run import Run
from shared.model.tombstones import Tombstone


@dataclass(frozen=True, slots=True)
class Lock:
    """A plan's lock as it was read: the run that holds it. It gets another etag each time that it is taken."""

    run_id: str
    etag: str


class RunStore(Protocol):
    """Runs, the lock of each plan, and what a plan's id map is bound to."""

    async def insert(self, run: Run) -> Run:
        """Add a new run; answers it with its etag. Raises Conflict when another has the id."""

    async def get(self, run_id: str) -> Run | None:
        """One run, or None."""

    async def list(self, *, plan: str | None = None, state: str | None = None) -> list[Run]:
        """Runs, newest first; of those that began at the same instant the greatest id."""

    async def replace(self, run: Run) -> Run:
        """Overwrite ``run`` if its etag is still current; answers it with the new etag. Raises Conflict otherwise."""

    async def lock(self, plan: str, run_id: str) -> None:
        """Take the plan's lock; a run that holds it takes it anew. Raises Conflict when another run holds it."""

    async def lock_of(self, plan: str) -> Lock | None:
        """The plan's lock as it is; None when nobody holds it."""

    async def unlock(self, plan: str, lock: Lock) -> None:
        """Give the lock back, unless somebody took it since it was read, be it the same run: then do nothing."""

    async def binding(self, plan: str) -> tuple[str, str] | None:
        """The (portal, store_id) pair that the plan's id map belongs to."""

    async def bind(self, plan: str, portal: str, store_id: str) -> None:
        """Record that pair. Raises Conflict when another one is recorded."""


class Ledger(Protocol):
    """Pages and slices of runs: the truth about what is done."""

    async def get(self, key: PageKey) -> PageRow | None:
        """One row, or None."""

    async def pending_page(self, run_id: str, entity: str, range_no: int) -> PageRow | None:
        """The extraction page of a range that is still to be read, or None when the range is done."""

    async def scan(self, run_id: str, *, entity: str | None = None, stage: Stage | None = None) -> list[PageRow]:
        """All rows of a run (of one entity, of one stage), in key order."""

    async def insert(self, rows: Sequence[PageRow]) -> None:
        """Add rows; those that exist stay as they are."""

    async def commit(self, done: PageRow, follow: Sequence[PageRow] = ()) -> None:
        """Overwrite ``done`` if its etag is current and add ``follow`` (same partition), all or nothing.

        Raises Conflict when somebody else completed the page. A repeat after an answer that was lost also does.
        """

    async def mark(self, rows: Iterable[PageRow]) -> None:
        """Overwrite pending rows that did not change since they were read; others stay as they are."""

    async def update(self, row: PageRow) -> PageRow:
        """Overwrite one row if its etag is current; answers it with the new etag. Raises Conflict otherwise."""

    async def entities(self, run_id: str) -> dict[str, EntityRow]:
        """Progress rows by entity name."""

    async def put_entity(self, row: EntityRow) -> EntityRow:
        """Overwrite the progress row that was read, or insert it when ``etag`` is None; answers it with its new etag.

        Raises Conflict when somebody else wrote it meanwhile.
        """


@dataclass(frozen=True, slots=True)
class Scanned:
    """Entries in the id map's own order, and the place behind the last one; None when there are no more."""

    entries: tuple[IdMapEntry, ...]
    next: str | None


class IdMap(Protocol):
    """Who became whom, for one plan."""

    async def block(self, entity: str, block: str) -> dict[str, IdMapEntry]:
        """All entries of one block, by source id (``shared.model.idmap.block_of``)."""

    async def find(self, entity: str, records: Mapping[str, str | None]) -> dict[str, IdMapEntry]:
        """The entries there are of these records, by source id; ``records`` says of each within which parent it lies.

        A parent that is not the entry's own does not find it.
        """

    async def write(self, entries: Sequence[IdMapEntry]) -> None:
        """Insert or overwrite entries, in transactions of up to 100 of one block."""

    async def add(self, entries: Sequence[IdMapEntry]) -> None:
        """Insert entries; those of records that are there already are left out, whoever wrote them."""

    async def scan(self, entity: str, after: str = "") -> "Scanned":
        """Up to 1,000 entries of an entity behind the place ``after`` (of an earlier answer; begin with ``""``).

        What is written meanwhile may be among them or not.
        """

    async def remove(self, entries: Sequence[IdMapEntry]) -> None:
        """Take entries out, wherever they lie by their parents; those that are not there are fine."""

    async def change(self, changes: Sequence[tuple[IdMapEntry, IdMapEntry | None]]) -> None:
        """Replace entries by others of the same records, or take them out (None).

        An entry that is not the one which was read any more stays as somebody else wrote it.
        """


class Archive(Protocol):
    """Blobs: raw answers, normalised rows, receipts. Contents are gzip'd by the adapter."""

    async def put(self, name: str, content: bytes) -> None:
        """Write a blob; an existing one of that name is replaced. ``name`` is ``container/path``."""

    async def get(self, name: str) -> bytes:
        """Read a blob. Raises KeyError when there is none."""

    async def names(self, prefix: str) -> list[str]:
        """Names that begin with ``prefix`` (``container/path…``), sorted."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the media store; ``size`` in bytes, ``content_type`` as it was written."""

    size: int
    content_type: str


class MediaStore(Protocol):
    """Files in container ``media``, as they are: not compressed, never whole in memory."""

    async def write(self, name: str, content: AsyncIterator[bytes], content_type: str) -> None:
        """Write a file in blocks of 4 MiB; one of that name is replaced when ``content`` has ended.

        Whatever ``content`` raises comes through, and nothing of an interrupted write can be read. Of two writers of
        one name at a time the second to end may get Conflict; their contents never mix.
        """

    def read(self, name: str) -> AsyncIterator[bytes]:
        """The file in blocks of at most 4 MiB. Raises KeyError when there is none, Conflict when it is replaced."""

    async def find(self, name: str) -> StoredFile | None:
        """What is known of a file, or None when there is no such file."""

    async def delete(self, name: str) -> None:
        """Remove a file; a missing one is fine."""


class DeadLetters(Protocol):
    """Records that failed for good, reconciled by run, entity and source id."""

    async def add(self, letters: Sequence[DeadLetter]) -> None:
        """Insert or overwrite."""

    async def remove(self, run_id: str, entity: str, source_ids: Sequence[str]) -> None:
        """Take out letters whose records went in after all; unknown ids are ignored."""

    async def page(
        self, run_id: str | None = None, *, after: LetterPlace | None = None, size: int = 1000
    ) -> list[DeadLetter]:
        """Up to ``size`` letters (of one run) behind a place, in the order of runs, entities and padded ids.

        Fewer than ``size``: there are no more. A place stays good when its letter goes.
        """

    async def find(self, places: Collection[LetterPlace]) -> list[DeadLetter]:
        """The letters that there are at these places."""

    async def count(self) -> int:
        """How many letters there are; none of them is held in memory for that."""


class Tombstones(Protocol):
    """Records that went in and are no longer at the source, by plan and entity."""

    async def write(self, plan: str, tombstones: Sequence[Tombstone]) -> None:
        """Insert or overwrite."""

    async def of(self, plan: str, entity: str) -> list[Tombstone]:
        """All of an entity, in the order of their ids."""

    async def remove(self, plan: str, entity: str, source_ids: Sequence[str]) -> None:
        """Take out those of records that came back; unknown ids are ignored."""


class WorkQueue(Protocol):
    """The queues that wake workers up."""

    async def send(self, queue: str, messages: Sequence[str], *, delay: float = 0.0) -> None:
        """Add messages; they become visible after ``delay`` seconds. The queue is created on demand."""

    async def length(self, queue: str) -> int:
        """How many messages there are, at least: those that workers have in hand and delayed ones count."""

    async def clear(self, queue: str) -> None:
        """Delete all messages, those in hand and delayed ones too."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A shared row as read: its value (None when missing), its etag, and the storage service's time in seconds."""

    value: JsonObject | None
    etag: str | None
    now: float


class SharedRows(Protocol):
    """Small rows that processes share under optimistic locking: budgets, outages, leases."""

    async def read(self, kind: str, name: str) -> Stored:
        """One row with the service's time; a missing row has value None and etag None."""

    async def write(self, kind: str, name: str, value: JsonObject, etag: str | None) -> float:
        """Replace the row read with ``etag`` (insert when None); answers the service's time. Raises Conflict."""

    async def delete(self, kind: str, name: str) -> None:
        """Remove a row; a missing one is fine."""


class IdMaps(Protocol):
    """The id map of each plan (table ``idmap`` + the plan's name without ``_``)."""

    def of(self, plan: str) -> IdMap:
        """The id map of one plan; always the same object for the same name."""


@dataclass(frozen=True, slots=True)
class Stores:
    """The whole memory of one Portage installation."""

    runs: RunStore
    ledger: Ledger
    archive: Archive
    media: MediaStore
    dead_letters: DeadLetters
    tombstones: Tombstones
    queue: WorkQueue
    shared: SharedRows
    idmaps: IdMaps
