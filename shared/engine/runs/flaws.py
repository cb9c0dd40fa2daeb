"""What went in though something of it is lacking, record by record, as the receipts of the run's slices tell it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import orjson

from shared.engine.archive.rebuilding import RowsLost, rows_content
from shared.engine.archive.redrives import redriven
from shared.engine.archive.rows import load_slice
from shared.engine.job import Jobs
from shared.model.json import JsonObject
from shared.model.ledger import PageRow, PageState, Stage
from shared.model.reasons import REASONS
from shared.model.run import Run
from shared.ports.stores import Stores

KINDS = ("flawed", "unresolved", "left_out", "placeholders")
"""As the status counts them."""

_FIELD = re.compile(r"([a-z][a-z0-9_]*(?:\.\w+)*):? (.+)", re.DOTALL)
"""How a mapping tells of a flaw: the field first."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a flaw stands in the list of its run: which slice, and the how-manieth there."""

    entity: str
    range_no: int
    row: str
    index: int

    @staticmethod
    def of(row: PageRow, index: int) -> "Place":
        """The place of one flaw of a slice."""
        return Place(row.key.entity, row.key.range_no, row.key.row, index)


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that lacks. ``kind`` is one of KINDS, ``entity`` the one whose status counts it.

    ``source_id`` is None for a placeholder, which no single record asks for. ``refers_to`` is ``{entity}:{source id}``
    of the record that a link leads to, or that was made up. ``reason`` is a code of the closed list: why that one
    failed, or why a record stayed behind; None where no code says it.
    """

    place: Place
    kind: str
    source_id: str | None
    message: str
    field: str | None = None
    refers_to: str | None = None
    reason: str | None = None

    def document(self) -> JsonObject:
        """As callers get it, with the hint of its reason."""
        return {
            "entity": self.place.entity,
            "source_id": self.source_id,
            "kind": self.kind,
            "field": self.field,
            "message": self.message,
            "refers_to": self.refers_to,
            "reason": self.reason,
            "hint": REASONS[self.reason].hint if self.reason in REASONS else None,
        }


@dataclass(slots=True)
class Flaws:
    """Lists flaws from the ledger and the receipts. A slice that is still to be imported has none yet."""

    jobs: Jobs
    stores: Stores

    async def page(
        self, run: Run, size: int, *, entity: str | None = None, kind: str | None = None, after: Place | None = None
    ) -> tuple[list[Flaw], Place | None]:
        """Up to ``size`` flaws behind ``after`` in the order of slices, and the place to go on from, None at the end.

        Reads the receipts of no more slices than it takes.
        """
        run_id = run.run_id
        kinds = KINDS if kind is None else (kind,)
        scanned = await self.stores.ledger.scan(run_id, entity=entity)
        rows = [row for row in scanned if _has(row, kinds)]
        linked = await self._linked_later(scanned)
        found: list[Flaw] = []
        for row in sorted(rows, key=lambda row: Place.of(row, 0)):
            if after is not None and Place.of(row, 0) < replace(after, index=0):
                continue
            receipts = orjson.loads(await self.stores.archive.get(row.receipts or ""))
            over = linked.get((row.key.entity, row.key.range_no, row.key.seq, row.key.part), frozenset())
            flaws = [flaw for flaw in _told(row, receipts) if flaw.kind in kinds and not _is_over(flaw, over)]
            found += await self._decided(run, row, [flaw for flaw in flaws if after is None or flaw.place > after])
            if len(found) > size:
                break
        shown = found[:size]
        return await self._explained(run_id, shown), shown[-1].place if len(found) > size else None

    async def _decided(self, run: Run, row: PageRow, flaws: list[Flaw]) -> list[Flaw]:
        """With the field by which the mapping left records out, and the reason that the source gave in it."""
        field = self.jobs.of(run.plan).mappings[row.key.entity].left_out_by
        if field is None or not any(flaw.kind == "left_out" for flaw in flaws):
            return flaws
        try:
            records = load_slice(await rows_content(self.jobs, self.stores, row.blob or ""), row.cursor or {})
        except RowsLost:
            return flaws
        told = {record.id: record.data.get(field) for record in records}
        return [
            replace(flaw, field=field, reason=reason if reason in REASONS else None)
            if flaw.kind == "left_out" and flaw.reason is None and (reason := str(told.get(flaw.source_id or "")))
            else flaw
            for flaw in flaws
        ]

    async def _linked_later(self, rows: list[PageRow]) -> dict[tuple[str, int, int, int], frozenset[str]]:
        """By the place of a patch: records whose links a redrive took up after it, which tells of them since."""
        found: dict[tuple[str, int, int, int], frozenset[str]] = {}
        redrives = [row for row in rows if row.key.stage is Stage.REDRIVE and not row.earlier]
        for redrive in redrives:
            if redrive.state is not PageState.DONE:
                continue
            ids = frozenset(await redriven(self.stores.archive, redrive))
            page = redrive.key.entity, redrive.key.range_no, redrive.key.seq
            for part in range(redrive.key.part):
                found[*page, part] = found.get((*page, part), frozenset()) | ids
        return found

    async def _explained(self, run_id: str, flaws: list[Flaw]) -> list[Flaw]:
        """With the reason why what they refer to failed in this run."""
        named = {flaw.refers_to.partition(":") for flaw in flaws if flaw.kind == "unresolved" and flaw.refers_to}
        if not named:
            return flaws
        found = await self.stores.dead_letters.find([(run_id, entity, one) for entity, _, one in named])
        letters = {f"{one.entity}:{one.source_id}": one for one in found}
        return [
            replace(flaw, reason=letter.reason, message=f"{flaw.message}; it failed: {letter.message}")
            if flaw.kind == "unresolved" and (letter := letters.get(flaw.refers_to or ""))
            else flaw
            for flaw in flaws
        ]


def _is_over(flaw: Flaw, ids: frozenset[str]) -> bool:
    return flaw.kind == "unresolved" and flaw.source_id in ids


def _has(row: PageRow, kinds: tuple[str, ...]) -> bool:
    return row.state is PageState.DONE and any(getattr(row.counts, kind) for kind in kinds)


def _told(row: PageRow, receipts: dict[str, Any]) -> Iterator[Flaw]:
    """All flaws of a slice that its counts speak of, in an order that stays."""
    counted = [kind for kind in KINDS if getattr(row.counts, kind)]
    made = (flaw for kind in counted for flaw in _OF_KIND[kind](kind, receipts.get(kind)))
    for index, flaw in enumerate(chain(made, _kept(receipts.get("kept")))):
        yield replace(flaw, place=Place.of(row, index))


_NOWHERE = Place("", 0, "", 0)


def _flawed(kind: str, noted: dict[str, list[str]] | None) -> Iterator[Flaw]:
    for source_id, texts in (noted or {}).items():
        for text in texts:
            told = _FIELD.fullmatch(text)
            field, message = told.groups() if told else (None, text)
            yield Flaw(_NOWHERE, kind, source_id, message, field)


def _unresolved(kind: str, noted: dict[str, list[str]] | None) -> Iterator[Flaw]:
    for source_id, references in (noted or {}).items():
        for one in references:
            message = f"links to {_named(one)}, which the target does not have"
            yield Flaw(_NOWHERE, kind, source_id, message, refers_to=one)


def _left_out(kind: str, noted: list[str] | None) -> Iterator[Flaw]:
    for source_id in noted or ():
        yield Flaw(_NOWHERE, kind, source_id, "stays behind by decision, not by failure")


def _kept(noted: dict[str, list[str]] | None) -> Iterator[Flaw]:
    """They count as left out."""
    for source_id, undefined in (noted or {}).items():
        message = f"the target keeps its older version, for nobody could read the definition of {', '.join(undefined)}"
        yield Flaw(_NOWHERE, "left_out", source_id, message, reason="transform.undefined")


def _placeholders(kind: str, noted: list[str] | None) -> Iterator[Flaw]:
    for one in noted or ():
        message = f"{_named(one)} is gone from the source; a placeholder was made up in the target"
        yield Flaw(_NOWHERE, kind, None, message, refers_to=one)


_OF_KIND: dict[str, Any] = {
    "flawed": _flawed,
    "unresolved": _unresolved,
    "left_out": _left_out,
    "placeholders": _placeholders,
}


def _named(reference: str) -> str:
    return reference.replace(":", " ", 1)
