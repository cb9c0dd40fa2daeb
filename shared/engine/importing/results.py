"""What is written down about the records of a slice: dead letters, receipts and counts.

Counts are taken from sets of ids, so nothing counts twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from shared.engine.causes import fingerprint
from shared.engine.importing.placeholders import page_of
from shared.model.idmap import IdMapEntry
from shared.model.json import JsonObject
from shared.model.ledger import Counts, PageRow, Stage
from shared.model.records import DeadLetter, Receipt
from shared.transform.references import Pending

_REJECTIONS = {
    "VALIDATION": "target.rejected_record",
    "REFERENCE": "target.rejected_reference",
    "CONFLICT": "target.conflict",
    "TOO_LARGE": "media.too_large",
    "GONE": "media.gone",
}
"""Reasons of dead letters by the target's codes."""

_LONGEST = 500
"""Characters of what a letter says: a target that quotes a whole record is not to fill the list with it."""


@dataclass(slots=True)
class Results:
    """Ids of the records of one slice by what came of them. ``kept`` stay at the target as they were before the run.
    ``retargeted`` have got another target id than they had; ``still_open`` are those that every run has to look at, by
    the entity of which that depends (``importing.seals``).

    ``before`` are those that the slice of a patch has counted: whatever the patch does to them, they are not counted
    as imported, skipped, duplicate or failed again. A dead letter counts as one all the same. ``taken_over`` is what
    rows before counted of records that were requeued, and do not stand for any more. ``stumbled`` are records
    over which the target stumbled in this attempt, ``kept_stumbling`` counts those of them that are given up for it.
    """

    row: PageRow
    before: frozenset[str] = frozenset()
    taken_over: Counts = field(default_factory=Counts)
    requeued: tuple[str, ...] = ()
    stumbled: set[str] = field(default_factory=set)
    kept_stumbling: int = 0
    created: set[str] = field(default_factory=set)
    updated: set[str] = field(default_factory=set)
    patched: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    duplicate: set[str] = field(default_factory=set)
    retargeted: set[str] = field(default_factory=set)
    left_out: list[str] = field(default_factory=list)
    kept: dict[str, list[str]] = field(default_factory=dict)
    flawed: dict[str, list[str]] = field(default_factory=dict)
    placeholders: list[str] = field(default_factory=list)
    still_open: dict[str, list[str]] = field(default_factory=dict)
    _deferred: dict[str, list[Pending]] = field(default_factory=dict)
    _unresolved: dict[str, list[Pending]] = field(default_factory=dict)
    _letters: dict[str, DeadLetter] = field(default_factory=dict)

    @property
    def page(self) -> str:
        """Names the slice within the run's entity."""
        return self.row.key.place

    @property
    def patching(self) -> bool:
        """Whether this is the records' last chance."""
        return self.row.key.stage is Stage.PATCH

    def wait(self, source_id: str, blocking: Sequence[Pending]) -> None:
        """A required reference has no target yet: try again after all creations, then give up."""
        if not self.patching:
            self._deferred[source_id] = list(blocking)
            return
        names = ", ".join(f"{one.entity} {one.source_id}" for one in blocking)
        needs = " ".join(f"{one.entity}:{one.source_id}" for one in blocking)
        message = f"needs {names}, which the target does not have"
        self.reject(source_id, "reference.missing", message, None, needs=needs)

    def come_again(self, source_id: str) -> None:
        """A record that is in is to be patched, for whatever it may lack."""
        self._deferred[source_id] = []

    def note_missing(self, source_id: str, missing: Sequence[Pending]) -> None:
        """Optional references without a target: patched later, or reported when that was the last chance."""
        if missing:
            (self._unresolved if self.patching else self._deferred)[source_id] = list(missing)

    def note_flaws(self, source_id: str, flaws: Sequence[str]) -> None:
        """What had to be left out of a record that goes in all the same."""
        if flaws:
            self.flawed[source_id] = list(flaws)

    def reject(
        self, source_id: str, reason: str, message: str, field_name: str | None, *, needs: str | None = None
    ) -> None:
        """The record failed for good: there is nothing to patch."""
        self._deferred.pop(source_id, None)
        self._unresolved.pop(source_id, None)
        key, message = self.row.key, message[:_LONGEST]
        cause = fingerprint(key.entity, reason, field_name, message)
        self._letters[source_id] = DeadLetter(
            run_id=key.run_id,
            entity=key.entity,
            source_id=source_id,
            reason=reason,
            message=message,
            attempts=self.row.earlier + self.row.attempts + 1,
            raw_blob=self.row.raw_blob,
            cause=cause,
            field=field_name,
            page=key.place,
            needs=needs,
        )

    def refuse(self, receipt: Receipt) -> None:
        """The target does not take the record, and never will."""
        reason = _REJECTIONS.get(receipt.code or "", "target.rejected_record")
        self.reject(receipt.source_id, reason, receipt.reason or receipt.code or "refused", receipt.field)

    def note_made_up(self, entries: Iterable[IdMapEntry]) -> None:
        """Which placeholders are in the target by this slice, whichever attempt brought them there."""
        run_id, page = self.row.key.run_id, page_of(self.page)
        ours = (f"{one.entity}:{one.source_id}" for one in entries if (one.run_id, one.page) == (run_id, page))
        self.placeholders = sorted({*self.placeholders, *ours})

    @property
    def unsettled(self) -> frozenset[str]:
        """Records of which something is to be told, or done, by every run."""
        return frozenset().union(
            self._letters, self._deferred, self._unresolved, self.flawed, self.kept, self.duplicate
        )

    def letters(self) -> list[DeadLetter]:
        """Dead letters of the slice."""
        return list(self._letters.values())

    def not_given_up(self) -> list[str]:
        """Records of a repeated attempt that have no letter now: an earlier one may have given some of them up.

        The letter of a requeued record stays while it waits for its patch.
        """
        if self.requeued:
            return sorted(set(self.requeued) - self._letters.keys() - self._deferred.keys())
        if not self.row.attempts and not self.row.earlier:
            return []
        went_in = self.created | self.updated | self.patched | self.skipped | self.duplicate
        stay = {*self._deferred, *self.kept, *self.left_out}
        return sorted((went_in | stay) - self._letters.keys())

    def counts(self) -> Counts:
        """What the ledger gets. ``deferred`` are records that come round again as patches."""
        created, updated = self.created - self.before, self.updated - self.before
        fresh = Counts(
            imported=len(created | updated),
            created=len(created),
            updated=len(updated),
            patched=len(self.patched | (self.created | self.updated) & self.before),
            skipped=len(self.skipped - self.before),
            duplicate=len(self.duplicate - self.before),
            failed=len(self._letters.keys() - self.before),
            dead_lettered=len(self._letters),
            deferred=len(self._deferred),
            retargeted=len(self.retargeted),
            unresolved=len(self._unresolved),
            flawed=0 if self.patching else len(self.flawed),
            placeholders=len(self.placeholders),
            left_out=len(self.left_out) + len(self.kept),
            transient=self.row.counts.transient + len(self.stumbled),
            persistent=self.kept_stumbling * (self.row.attempts + 1),
        )
        return fresh - self.taken_over

    def document(self) -> JsonObject:
        """The slice's receipts for the archive: ids and outcomes, no content."""
        return {
            "run_id": self.row.key.run_id,
            "entity": self.row.key.entity,
            "page": self.page,
            "created": sorted(self.created),
            "updated": sorted(self.updated),
            "patched": sorted(self.patched),
            "skipped": sorted(self.skipped),
            "duplicate": sorted(self.duplicate),
            "failed": {key: letter.reason for key, letter in self._letters.items()},
            "deferred": _ids(self._deferred),
            "unresolved": _ids(self._unresolved),
            "flawed": self.flawed,
            "left_out": self.left_out,
            "kept": self.kept,
            "placeholders": self.placeholders,
            "open": self.still_open,
        }

    def blob(self, attempt: str) -> str:
        """Where the receipts of this attempt lie; the ledger says which attempt counts."""
        key, stage = self.row.key, self.row.key.stage.value
        place = f"{key.range_no:05d}-{key.seq:07d}-{key.part:03d}-{stage}-{attempt}"
        return f"receipts/{key.run_id}/{key.entity}/{place}.json"


def _ids(references: dict[str, list[Pending]]) -> dict[str, list[str]]:
    return {key: [f"{one.entity}:{one.source_id}" for one in found] for key, found in references.items()}
