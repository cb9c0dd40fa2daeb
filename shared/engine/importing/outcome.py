"""What comes of the records of a slice: judged by what is known of them, and booked as the target answers."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.engine.importing.origins import Origins, not_linked, still_awaited
from shared.engine.importing.results import Results
from shared.model.idmap import IdMapEntry
from shared.model.records import OutgoingItem, Receipt, SourceRecord
from shared.model.run import Run
from shared.transform.mapping import Mapping
from shared.transform.references import Lookup, Pending


@dataclass(slots=True)
class Outcome:
    """Decides about the records of one slice. ``known`` are their id-map entries; ``results`` keeps what came of them.

    ``places`` are the source ids of those that do not stay behind, each with the parent by which it lies in the id map.
    ``volatile`` are the entities whose target ids follow their content. ``stumbled`` are answers to records that may go
    in when they are sent again.
    """

    run: Run
    now: datetime
    results: Results
    volatile: frozenset[str] = frozenset()
    places: dict[str, str | None] = field(default_factory=dict)
    known: dict[str, IdMapEntry] = field(default_factory=dict)
    stumbled: list[Receipt] = field(default_factory=list)
    origins: Origins = field(default_factory=Origins)
    _unchanged: set[str] = field(default_factory=set)
    _aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def begin(self, mapping: Mapping, records: Sequence[SourceRecord]) -> list[SourceRecord]:
        """Take note of the records of the slice; answers those that do not stay behind."""
        self.results.left_out = [record.id for record in records if mapping.leaves_out(record)]
        self._aliases = {record.id: names for record in records if (names := mapping.aliases(record))}
        left_out = frozenset(self.results.left_out)
        begun = [record for record in records if record.id not in left_out]
        self.places = {record.id: mapping.parent(record) for record in begun}
        return begun

    def unchanged(self, source_id: str, checksum: str) -> bool:
        """Whether the target has exactly this version already; books it as what it was."""
        entry = self.known.get(source_id)
        if entry is None or entry.checksum != checksum or self.is_altered(source_id):
            return False
        if entry.run_id != self.run.run_id:
            self.results.skipped.add(source_id)
        elif entry.page == self.results.page:  # an earlier attempt of this slice did it
            self._went_in(source_id, entry.action)
        self._unchanged.add(source_id)
        return True

    def is_altered(self, source_id: str) -> bool:
        """Whether this run is to write the record again, since it was changed at the target."""
        entry = self.known.get(source_id)
        return self.run.options.repair and entry is not None and entry.altered

    def stays_altered(self, source_id: str, why: str) -> None:
        """A record cannot be overwritten at the target."""
        message = f"it was changed at the target, which does not take its own content: {why}; delete it there"
        self.results.reject(source_id, "target.rejected_record", message, None)

    def note_ways_barred(self, receipts: Iterable[Receipt]) -> set[str]:
        """Source ids of altered records whose content the target did not take as a version, by its ``receipts``."""
        failed = [receipt for receipt in receipts if receipt.outcome == "failed"]
        for receipt in failed:
            if receipt.retryable:
                self.stumbled.append(receipt)
            else:
                self.stays_altered(receipt.source_id, receipt.reason or receipt.code or "refused")
        return {receipt.source_id for receipt in failed}

    def has_same_origin(self, source_id: str, lookup: Lookup) -> bool:
        """Whether the target has what this record would become, without making it; then it is booked as unchanged.

        What it still misses may come until the patches, which look again; so may another target id of a file.
        """
        entry = self.known.get(source_id)
        if entry is None or entry.origin is None or self.is_altered(source_id):
            return False
        if not self.origins.still_holds(source_id, entry.origin, lookup):
            return False
        if self.run.mode.writes and (awaited := still_awaited(entry.origin, lookup, self._changing)):
            self.results.note_missing(source_id, awaited)
            if not self.results.patching:
                return True
        return self.unchanged(source_id, entry.checksum)

    def lacks_links(self, source_id: str, lookup: Lookup) -> bool:
        """Whether its text names records of the run without a target id, which no patch would come back for."""
        entry = self.known[source_id]
        return entry.origin is not None and not_linked(entry.origin, lookup, self.run.entities)

    def changing(self, references: Iterable[Pending]) -> list[Pending]:
        """Those that a patch has to look at again, whether they have a target id or not."""
        return [one for one in references if one.awaited and one.entity in self._changing]

    @property
    def _changing(self) -> AbstractSet[str]:
        """Entities of which the run may still give other target ids to records that have one."""
        repeated = self.run.repeats and not self.results.patching
        return self.volatile.intersection(self.run.entities) if repeated else frozenset()

    def note_origin(self, source_id: str, references: Iterable[Pending], lookup: Lookup) -> None:
        """What a record was made of; not of one with flaws, which every run is to tell of."""
        if source_id not in self.results.flawed:
            self.origins.note(source_id, references, lookup, final=self.results.patching)

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
        return entry is not None and (entry.run_id, entry.page) != (self.run.run_id, self.results.page)

    def keeps(self, source_id: str, undefined: Sequence[str]) -> bool:
        """Whether the target keeps its version from before this run: the new one lacks values that nobody defined."""
        entry = self.known.get(source_id)
        if not undefined or entry is None or entry.run_id == self.run.run_id or entry.made_up:
            return False
        self.results.kept[source_id] = list(undefined)
        return True

    def would_write(self, items: Sequence[OutgoingItem]) -> None:
        """A dry run's share: what would be created or updated."""
        for item in items:
            (self.results.updated if item.source_id in self.known else self.results.created).add(item.source_id)

    def book(self, receipts: Sequence[Receipt], checksums: dict[str, str]) -> list[IdMapEntry]:
        """Take the target's receipts in; answers the id-map entries that follow from them, those of aliases too."""
        entries = []
        for receipt in receipts:
            if receipt.outcome == "failed" and receipt.retryable:
                self.stumbled.append(receipt)
            elif receipt.outcome == "failed":
                self.results.refuse(receipt)
            elif receipt.target_id is not None:
                entries.append(self._entry(receipt, checksums[receipt.source_id]))
                self._note_target(receipt)
                self._succeeded(receipt)
        self.known |= {entry.source_id: entry for entry in entries}
        also = [
            replace(entry, source_id=alias, origin=None)
            for entry in entries
            for alias in self._aliases.get(entry.source_id, ())
        ]
        return [*entries, *also]

    def _note_target(self, receipt: Receipt) -> None:
        """A target that made a record anew, where others may have been sent with the old id."""
        before, entity = self.known.get(receipt.source_id), self.results.row.key.entity
        if before is not None and before.target_id != receipt.target_id and entity not in self.volatile:
            self.results.retargeted.add(receipt.source_id)

    def give_up(self) -> None:
        """Records the target kept stumbling over become dead letters."""
        self.results.kept_stumbling += len(self.stumbled)
        for receipt in self.stumbled:
            self.results.reject(receipt.source_id, "target.kept_stumbling", receipt.reason or "", receipt.field)
        self.stumbled.clear()

    def _succeeded(self, receipt: Receipt) -> None:
        ours = receipt.run_id in (None, self.run.run_id)
        if receipt.outcome == "skipped":
            self.results.skipped.add(receipt.source_id)
        elif receipt.outcome == "duplicate" and not ours:
            self.results.duplicate.add(receipt.source_id)
        else:
            self._went_in(receipt.source_id, receipt.action or "created")

    def _went_in(self, source_id: str, action: str) -> None:
        entry = self.known.get(source_id)
        this_run = entry is not None and entry.run_id == self.run.run_id
        if entry is not None and this_run and entry.page != self.results.page:
            self.results.patched.add(source_id)
            return
        first = entry.action if entry is not None and this_run else action
        (self.results.updated if first == "updated" else self.results.created).add(source_id)

    def _entry(self, receipt: Receipt, checksum: str) -> IdMapEntry:
        """A record that this run wrote before keeps its first action and page: undo and counts go by them."""
        before = self.known.get(receipt.source_id)
        same_run = before is not None and before.run_id == self.run.run_id
        return IdMapEntry(
            entity=self.results.row.key.entity,
            source_id=receipt.source_id,
            target_id=receipt.target_id or "",
            checksum=checksum,
            imported_at=self.now,
            run_id=self.run.run_id if receipt.outcome == "imported" else receipt.run_id or self.run.run_id,
            action=before.action if before is not None and same_run else receipt.action or receipt.outcome,
            page=before.page if before is not None and same_run else self.results.page,
            origin=self.origins.noted.get(receipt.source_id),
            within=self.places.get(receipt.source_id),
        )
