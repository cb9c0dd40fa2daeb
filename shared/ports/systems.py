"""Ports to the systems on both sides of a plan, and the budget their transports draw from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol

from shared.model.idmap import IdMapEntry
from shared.model.json import JsonObject
from shared.model.records import (
    Capabilities,
    Cut,
    Listing,
    OutgoingItem,
    Receipt,
    SchemaNeeds,
    SourcePage,
    SourceRecord,
    UndonePage,
    UndoPhase,
)
from shared.model.run import RunOptions
from shared.ports.surveys import Survey


class Budget(Protocol):
    """A quota that belongs to another system (DESIGN §4), shared by every process that draws from it."""

    async def acquire(self, method: str, calls: int = 1) -> None:
        """Wait for leave to make ``calls`` HTTP calls of ``method``. Raises SlowDown when none comes within 5 s.

        With no calls, only until ``method`` does not rest.
        """

    async def throttled(self, method: str, retry_after: float | None = None) -> None:
        """The other system refused a call for its rate: nobody calls ``method`` until ``retry_after`` s have passed."""


class Severity(StrEnum):
    """How grave it is when a check fails. Of a check that went well ``info`` says that it is worth telling."""

    BLOCKER = "blocker"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Check:
    """What was tried and how it went: a line of ``portage doctor``, and a finding of a preview when it is not well.

    ``fix`` says what to do when it failed. ``code`` names what was found, in the same words each time. ``entities`` are
    those that it concerns; none means all.
    """

    name: str
    ok: bool
    detail: str
    fix: str | None = None
    code: str = "check.failed"
    severity: Severity = Severity.BLOCKER
    entities: tuple[str, ...] = ()


class Extracted(Protocol):
    """What a run was asked for, and what it has read so far of the entities under ``extract_after`` in the plan."""

    @property
    def options(self) -> RunOptions:
        """The options of the run request."""

    @property
    def generation(self) -> str:
        """Names the run and its generation, in which the pages of an entity that is followed stay the same."""

    async def pages(self, entity: str) -> tuple[str, ...]:
        """Names of the pages of an entity that hold records, in key order: all but those that were given up.

        The engine shows an entity that follows pages which were given up as incomplete.
        """

    async def rows(self, page: str) -> tuple[SourceRecord, ...]:
        """The records of one page."""

    def since(self, entity: str) -> datetime | None:
        """From when on changes are wanted, at least; None when the entity is to be read whole."""

    async def earlier(self, entity: str) -> tuple[str, ...]:
        """Names of the pages that earlier runs left of an entity, oldest first.

        Later ones hold newer versions of the same records. What was deleted since is still there.
        """

    async def gone(self, entity: str) -> frozenset[str]:
        """Ids of records that are known to be at the source no more."""


class Source(Protocol):
    """A system of record. Reads only.

    Errors: RetryLater (out), SlowDown (throttled), EntityStopped (this entity is not readable), RunStopped.
    """

    async def identity(self) -> str:
        """Name of the portal (host and port), stable over runs and free of secrets."""

    async def now(self) -> datetime | None:
        """What the system's own clock shows; None when it does not tell."""

    async def cut(self, entity: str, ranges: int, extracted: Extracted) -> Cut:
        """Cut an entity into ranges that can be read side by side; an empty one gives no cursor.

        About ``ranges`` of them where ids are what it is cut by; an entity that follows its parents has one for each
        page of theirs.
        """

    async def read(self, entity: str, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """Read one page: one source call, plus the calls for the details that belong to its records."""

    def rows(self, entity: str, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """The records of a page, made again of its raw answers in the same order. Asks nobody.

        Raises RetryLater for answers that are not whole.
        """

    async def shown(self, entity: str, source_ids: Sequence[str]) -> frozenset[str] | None:
        """Which of these records a cheap list shows; None when there is no such list. Others may be there, too."""

    async def gone(self, entity: str, source_ids: Sequence[str], extracted: Extracted) -> frozenset[str]:
        """Which of these records are deleted for certain: each was asked for by its id, or nobody would know better.

        What may only be out of sight is not among them.
        """

    async def checks(self) -> list[Check]:
        """Reachability, identity of the caller, and one smoke call per method used."""

    async def survey(self, entities: Sequence[str], ranges: int) -> Survey:
        """How much there is of ``entities``, and what reading them takes when ``cut`` is asked for ``ranges`` of each.

        What cannot be asked of one entity is said in its note. Raises when nothing can be asked at all.
        """


class Target(Protocol):
    """A system that is written to. The same errors as ``Source``; TRANSIENT items come back as receipts."""

    async def capabilities(self) -> Capabilities:
        """The target's description of itself, asked afresh."""

    def key(self, entity: str, source_id: str, checksum: str) -> str:
        """The idempotency key of one version of a record (contract §2: the basis, a colon, the checksum)."""

    async def write(
        self, entity: str, run_id: str, batch_id: str, items: Sequence[OutgoingItem]
    ) -> tuple[Receipt, ...]:
        """One write call; a receipt for each item, in the order of ``items``. Its keys make a repeat harmless."""

    def batch_size(self, entity: str) -> int:
        """How many items the next call should have, by how the last ones went. The capabilities bound it further."""

    async def count(self, entity: str) -> tuple[int, int]:
        """(records made by import, others)."""

    async def read(self, entity: str, source_ids: Sequence[str]) -> dict[str, JsonObject]:
        """``{source_id: {"target_id", "checksum", "data"}}`` for the ids the target knows."""

    async def listing(self, entity: str, after: str) -> Listing:
        """Up to 1,000 records behind ``after`` (begin with ``""``), foreign ones last; files too."""

    async def fetch(self, target_id: str, into: BinaryIO) -> str:
        """Write the content of a file to ``into``, which is empty; answers the checksum that the target tells of it.

        Raises RecordRejected("media.gone") when the target knows no such file.
        """

    def deletes(self, entity: str) -> bool:
        """Whether records of an entity can be deleted one by one."""

    async def delete(
        self, entity: str, run_id: str, batch_id: str, entries: Sequence[IdMapEntry]
    ) -> tuple[Receipt, ...]:
        """Delete up to 100 records; a receipt for each, ``deleted``, ``missing`` or ``failed``. A repeat does no harm.

        ``REFERENCED`` is the code of one that others refer to.
        """

    def undoes(self, entity: str) -> bool:
        """Whether what a run wrote of an entity can be undone; else it stays."""

    async def undo(self, entity: str, run_id: str, phase: UndoPhase, after: str) -> UndonePage:
        """Undo what a run did to a page of records behind ``after`` (begin with ``""``). A repeat does no harm."""

    async def checks(self) -> list[Check]:
        """Reachability, contract version, and which methods are enabled."""

    async def schema_checks(self, needs: SchemaNeeds) -> list[Check]:
        """Whether the target knows what records are going to hold; what it lacks is a check that failed.

        A blocker is what records would be refused for or arrive without, although somebody asked for it.
        """
