"""What came of a slice, record by record. Counts are taken from sets of ids, so nothing counts twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.engine.fingerprints import fingerprint
from shared.engine.origins import Origins, not_linked, still_missing
from shared.model.idmap import IdMapEntry
from shared.model.json import JsonObject
from shared.model.ledger import Counts, PageRow, Stage
from shared.model.records import DeadLetter, OutgoingItem, Receipt, SourceRecord
from shared.model.run import Run
from shared.transform.mapping import Mapping
from shared.transform.references import Lookup, Pending

_REJECTIONS = {
    "VALIDATION": "target.rejected_record",
    "REFERENCE": "target.rejected_reference",
    "CONFLICT": "target.conflict",
    "TOO_LARGE": "media.too_large",
    "GONE": "media.gone",
}


@dataclass(slots=True)
class Outcome:
    """Collects what happens to the records of one slice."""

    run: Run
    row: PageRow
    now: datetime
    known: dict[str, IdMapEntry] = field(default_factory=dict)
    calls: int = 0
    stumbled: list[Receipt] = field(default_factory=list)
    placeholders: list[str] = field(default_factory=list)
    origins: Origins = field(default_factory=Origins)
    _unchanged: set[str] = field(default_factory=set)
    _created: set[str] = field(default_factory=set)
    _updated: set[str] = field(default_factory=set)
    _patched: set[str] = field(default_factory=set)
    _skipped: set[str] = field(default_factory=set)
    _duplicate: set[str] = field(default_factory=set)
    _deferred: dict[str, list[Pending]] = field(default_factory=dict)
    _unresolved: dict[str, list[Pending]] = field(default_factory=dict)
    _flawed: dict[str, list[str]] = field(default_factory=dict)
    _letters: dict[str, DeadLetter] = field(default_factory=dict)
    _left_out: list[str] = field(default_factory=list)
    _aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def _page(self) -> str:
        return f"{self.row.key.range_no}/{self.row.key.row}"

    def blob(self, attempt: str) -> str:
        """Where the receipts of this attempt lie; the ledger says which attempt counts."""
        key, stage = self.row.key, self.row.key.stage.value
        place = f"{key.range_no:05d}-{key.seq:07d}-{key.part:03d}-{stage}-{attempt}"
        return f"receipts/{key.run_id}/{key.entity}/{place}.json"

    @property
    def _patching(self) -> bool:
        return self.row.key.stage is Stage.PATCH

    def begin(self, mapping: Mapping, records: Sequence[SourceRecord]) -> list[SourceRecord]:
        """Take note of the records of the slice; answers those that do not stay behind."""
        self._left_out = [record.id for record in records if mapping.leaves_out(record)]
        self._aliases = {record.id: names for record in records if (names := mapping.aliases(record))}
        return [record for record in records if not mapping.leaves_out(record)]

    def unchanged(self, source_id: str, checksum: str) -> bool:
        """Whether the target has exactly this version already; books it as what it was."""
        entry = self.known.get(source_id)
        if entry is None or entry.checksum != checksum:
            return False
        if entry.run_id == self.run.run_id:
            if entry.page == self._page:  # an earlier attempt of this slice did it
                self._went_in(source_id, entry.action)
        else:
            self._skipped.add(source_id)
        self._unchanged.add(source_id)
        return True

    def has_same_origin(self, source_id: str, lookup: Lookup) -> bool:
        """Whether the target has what this record would become, without making it; then it is booked as unchanged.

        What it still misses may come until the patches, which look again.
        """
        entry = self.known.get(source_id)
        if entry is None or entry.origin is None or not self.origins.still_holds(source_id, entry.origin, lookup):
            return False
        if self.run.mode.writes and (missing := still_missing(entry.origin, lookup)):
            self.note_missing(source_id, missing)
            if not self._patching:
                return True
        return self.unchanged(source_id, entry.checksum)

    def lacks_links(self, source_id: str, lookup: Lookup) -> bool:
        """Whether its text names records without a target id, which no patch would come back for."""
        entry = self.known[source_id]
        return entry.origin is not None and not_linked(entry.origin, lookup)

    def note_origin(self, source_id: str, references: Iterable[Pending], lookup: Lookup) -> None:
        """What a record was made of; not of one with flaws, which every run is to tell of."""
        if source_id not in self._flawed:
            self.origins.note(source_id, references, lookup, final=self._patching)

    def entries_with_new_origins(self) -> list[IdMapEntry]:
        """Id-map entries of unchanged records of which it was not known, or is not true any more, what they are of."""
        unchanged = [self.known[source_id] for source_id in self._unchanged if source_id in self.origins.noted]
        entries = [replace(entry, origin=self.origins.noted[entry.source_id]) for entry in unchanged]
        changed = [entry for entry in entries if entry.origin != self.known[entry.source_id].origin]
        self.known |= {entry.source_id: entry for entry in changed}
        return changed

    def has_older_version(self, source_id: str) -> bool:
        """Whether the target has a version of the record that is not of this slice (an earlier attempt's is)."""
        entry = self.known.get(source_id)
        return entry is not None and (entry.run_id, entry.page) != (self.run.run_id, self._page)

    def went_in(self) -> list[str]:
        """Records of a repeated attempt that are in now: an earlier one may have given some of them up."""
        if not self.row.attempts:
            return []
        return sorted(self._created | self._updated | self._patched | self._skipped | self._duplicate)

    def wait(self, source_id: str, blocking: Sequence[Pending]) -> None:
        """A required reference has no target yet: try again after all creations, then give up."""
        if not self._patching:
            self._deferred[source_id] = list(blocking)
            return
        names = ", ".join(f"{one.entity} {one.source_id}" for one in blocking)
        self.reject(source_id, "reference.missing", f"needs {names}, which the target does not have", None)

    def note_missing(self, source_id: str, missing: Sequence[Pending]) -> None:
        """Optional references without a target: patched later, or reported when that was the last chance."""
        if missing:
            (self._unresolved if self._patching else self._deferred)[source_id] = list(missing)

    def note_flaws(self, source_id: str, flaws: Sequence[str]) -> None:
        """What had to be left out of a record that goes in all the same."""
        if flaws:
            self._flawed[source_id] = list(flaws)

    def would_write(self, items: Sequence[OutgoingItem]) -> None:
        """A dry run's share: what would be created or updated."""
        for item in items:
            (self._updated if item.source_id in self.known else self._created).add(item.source_id)

    def book(self, receipts: Sequence[Receipt], checksums: dict[str, str]) -> list[IdMapEntry]:
        """Take the target's receipts in; answers the id-map entries that follow from them, those of aliases too."""
        entries = []
        for receipt in receipts:
            if receipt.outcome == "failed":
                self._failed(receipt)
            elif receipt.target_id is not None:
                entries.append(self._entry(receipt, checksums[receipt.source_id]))
                self._succeeded(receipt)
        self.known |= {entry.source_id: entry for entry in entries}
        also = [
            replace(entry, source_id=alias, origin=None)
            for entry in entries
            for alias in self._aliases.get(entry.source_id, ())
        ]
        return [*entries, *also]

    def book_placeholders(
        self, entity: str, receipts: Sequence[Receipt], checksums: dict[str, str]
    ) -> list[IdMapEntry]:
        """Take in what came of records that were made up; answers their id-map entries."""
        entries = [
            IdMapEntry(
                entity=entity,
                source_id=receipt.source_id,
                target_id=receipt.target_id,
                checksum=checksums[receipt.source_id],
                imported_at=self.now,
                run_id=receipt.run_id or self.run.run_id,
                action=receipt.action or "created",
                page="placeholder",
            )
            for receipt in receipts
            if receipt.target_id is not None and receipt.outcome != "failed"
        ]
        self.placeholders += [f"{entity}:{receipt.source_id}" for receipt in receipts if receipt.outcome == "imported"]
        return entries

    def reject(self, source_id: str, reason: str, message: str, field_name: str | None) -> None:
        """The record failed for good: there is nothing to patch."""
        self._deferred.pop(source_id, None)
        self._unresolved.pop(source_id, None)
        key = self.row.key
        cause = fingerprint(key.entity, reason, field_name, message)
        self._letters[source_id] = DeadLetter(
            run_id=self.run.run_id,
            entity=key.entity,
            source_id=source_id,
            reason=reason,
            message=message,
            attempts=self.row.attempts + 1,
            raw_blob=self.row.raw_blob,
            cause=cause,
            field=field_name,
        )

    def give_up(self) -> None:
        """Records the target kept stumbling over become dead letters."""
        for receipt in self.stumbled:
            self.reject(receipt.source_id, "target.kept_stumbling", receipt.reason or "", receipt.field)
        self.stumbled.clear()

    def letters(self) -> list[DeadLetter]:
        """Dead letters of the slice."""
        return list(self._letters.values())

    def counts(self) -> Counts:
        """What the ledger gets. ``deferred`` are records that come round again as patches."""
        return Counts(
            imported=len(self._created | self._updated),
            created=len(self._created),
            updated=len(self._updated),
            patched=len(self._patched),
            skipped=len(self._skipped),
            duplicate=len(self._duplicate),
            failed=len(self._letters),
            dead_lettered=len(self._letters),
            deferred=len(self._deferred),
            unresolved=len(self._unresolved),
            flawed=0 if self._patching else len(self._flawed),
            placeholders=len(self.placeholders),
            left_out=len(self._left_out),
            target_calls=self.calls,
        )

    def receipts_document(self) -> JsonObject:
        """The slice's receipts for the archive: ids and outcomes, no content."""
        return {
            "run_id": self.run.run_id,
            "entity": self.row.key.entity,
            "page": self._page,
            "created": sorted(self._created),
            "updated": sorted(self._updated),
            "patched": sorted(self._patched),
            "skipped": sorted(self._skipped),
            "duplicate": sorted(self._duplicate),
            "failed": {key: letter.reason for key, letter in self._letters.items()},
            "deferred": _ids(self._deferred),
            "unresolved": _ids(self._unresolved),
            "flawed": self._flawed,
            "left_out": self._left_out,
            "placeholders": self.placeholders,
        }

    def _succeeded(self, receipt: Receipt) -> None:
        ours = receipt.run_id in (None, self.run.run_id)
        if receipt.outcome == "skipped":
            self._skipped.add(receipt.source_id)
        elif receipt.outcome == "duplicate" and not ours:
            self._duplicate.add(receipt.source_id)
        else:
            self._went_in(receipt.source_id, receipt.action or "created")

    def _went_in(self, source_id: str, action: str) -> None:
        entry = self.known.get(source_id)
        this_run = entry is not None and entry.run_id == self.run.run_id
        if entry is not None and this_run and entry.page != self._page:
            self._patched.add(source_id)
            return
        first = entry.action if entry is not None and this_run else action
        (self._updated if first == "updated" else self._created).add(source_id)

    def _failed(self, receipt: Receipt) -> None:
        if receipt.retryable:
            self.stumbled.append(receipt)
            return
        reason = _REJECTIONS.get(receipt.code or "", "target.rejected_record")
        self.reject(receipt.source_id, reason, receipt.reason or receipt.code or "refused", receipt.field)

    def _entry(self, receipt: Receipt, checksum: str) -> IdMapEntry:
        """A record that this run wrote before keeps its first action and page: undo and counts go by them."""
        before = self.known.get(receipt.source_id)
        same_run = before is not None and before.run_id == self.run.run_id
        return IdMapEntry(
            entity=self.row.key.entity,
            source_id=receipt.source_id,
            target_id=receipt.target_id or "",
            checksum=checksum,
            imported_at=self.now,
            run_id=self.run.run_id if receipt.outcome == "imported" else receipt.run_id or self.run.run_id,
            action=before.action if before is not None and same_run else receipt.action or receipt.outcome,
            page=before.page if before is not None and same_run else self._page,
            origin=self.origins.noted.get(receipt.source_id),
        )


def _ids(references: dict[str, list[Pending]]) -> dict[str, list[str]]:
    return {key: [f"{one.entity}:{one.source_id}" for one in found] for key, found in references.items()}
