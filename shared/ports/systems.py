"""Ports to the systems on both sides of a plan, and the budget their transports draw from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.model.json import JsonObject
from shared.model.records import Capabilities, Cut, OutgoingItem, Receipt, SourcePage, SourceRecord
from shared.model.run import RunOptions


class Budget(Protocol):
    """A quota that belongs to another system (DESIGN §4), shared by every process that draws from it."""

    async def acquire(self, method: str, calls: int = 1) -> None:
        """Wait for leave to make ``calls`` HTTP calls of ``method``. Raises SlowDown when none comes within 5 s."""

    async def throttled(self, method: str, retry_after: float | None = None) -> None:
        """The other system refused a call for its rate: nobody calls ``method`` until ``retry_after`` s have passed."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of ``portage doctor``: what was tried and how it went. ``fix`` says what to do when it failed."""

    name: str
    ok: bool
    detail: str
    fix: str | None = None


class Extracted(Protocol):
    """What a run was asked for, and what it has read so far of the entities under ``extract_after`` in the plan."""

    @property
    def options(self) -> RunOptions:
        """The options of the run request."""

    async def pages(self, entity: str) -> tuple[str, ...]:
        """Names of the pages of an entity that hold records, in key order: all but those that were given up.

        The engine shows an entity that follows pages which were given up as incomplete.
        """

    async def rows(self, page: str) -> tuple[SourceRecord, ...]:
        """The records of one page."""


class Source(Protocol):
    """A system of record. Reads only.

    Errors: RetryLater (out), SlowDown (throttled), EntityStopped (this entity is not readable), RunStopped.
    """

    async def identity(self) -> str:
        """Name of the portal (host and port), stable over runs and free of secrets."""

    async def cut(self, entity: str, ranges: int, extracted: Extracted) -> Cut:
        """Cut an entity into ranges that can be read side by side; an empty one gives no cursor.

        About ``ranges`` of them where ids are what it is cut by; an entity that follows its parents has one for each
        page of theirs.
        """

    async def read(self, entity: str, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """Read one page: one source call, plus the calls for the details that belong to its records."""

    async def checks(self) -> list[Check]:
        """Reachability, identity of the caller, and one smoke call per method used."""


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

    async def count(self, entity: str) -> tuple[int, int]:
        """(records made by import, others)."""

    async def read(self, entity: str, source_ids: Sequence[str]) -> dict[str, JsonObject]:
        """``{source_id: {"target_id", "checksum", "data"}}`` for the ids the target knows."""

    async def checks(self) -> list[Check]:
        """Reachability, contract version, and which methods are enabled."""
