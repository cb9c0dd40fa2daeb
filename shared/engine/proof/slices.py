"""Proving a slice: every record of it as the target has it, and some of them made anew, field by field."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

import orjson

from shared.engine.importing.describing import Descriptions
from shared.engine.importing.lookup import Moment, Own, References
from shared.engine.importing.overtaking import written_since
from shared.engine.job import Job
from shared.engine.proof.fields import differences
from shared.engine.proof.findings import Finding, shown
from shared.engine.proof.reporting import Found
from shared.engine.proof.telling import Told
from shared.model.errors import RecordRejected
from shared.model.idmap import IdMapEntry
from shared.model.json import JsonObject
from shared.model.ledger import Counts, Stage
from shared.model.records import SourceRecord
from shared.model.run import Run
from shared.transform.canonical import checksum
from shared.transform.mapping import Draft
from shared.transform.references import pending, resolve


@dataclass(slots=True)
class Slice:
    """The records of a slice with what is known of them. ``known`` are their id-map entries.

    ``deleted`` were there when they were read, and had gone at the source before the run was over: at the target too.
    """

    run: Run
    job: Job
    entity: str
    records: list[SourceRecord]
    known: dict[str, IdMapEntry]
    told: Told
    deleted: frozenset[str] = frozenset()
    found: Found = field(init=False)
    differing: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    sampled: set[str] = field(default_factory=set)
    unequal: set[str] = field(default_factory=set)
    unopened: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    """Files that the target lists and does not hand out; of those that are ``unreadable`` it does not say why."""

    gone: list[IdMapEntry] = field(default_factory=list)
    """Of the records that were imported and are not at the target any more, or under another target id."""

    altered: set[str] = field(default_factory=set)
    """Records that are not what was last written at the target: whatever the source has, somebody changed them."""

    looked_at: set[str] = field(default_factory=set)
    """Records whose content was seen; not those that are missing."""

    orphaned: int = 0

    def __post_init__(self) -> None:
        targets = [entry.target_id for entry in self.expected.values()]
        self.found = Found([record.id for record in self.records], targets)
        for record in self.records:
            if record.id not in self.known:
                self._not_imported(record)

    @property
    def expected(self) -> dict[str, IdMapEntry]:
        """Those that the target must have."""
        return {record.id: self.known[record.id] for record in self.records if record.id in self.known}

    @property
    def disagrees(self) -> bool:
        """Whether anything is not as it should be at the target."""
        return bool(self.differing or self.missing or self.orphaned)

    def counts(self, unread: int = 0) -> Counts:
        """What the ledger gets. ``unread`` of the expected ones could not be looked at."""
        wrong, unread = self.differing | self.missing, unread or len(self.unreadable)
        present = len(self.expected.keys() - wrong) - unread
        return Counts(
            verified=present,
            differing=len(self.differing),
            missing=len(self.missing),
            absent=len(self.absent),
            orphaned=self.orphaned,
            unread=unread,
            sampled=len(self.sampled),
            unequal=len(self.unequal),
            unopened=len(self.unopened),
        )

    def note(self, kind: str, source_id: str, target_id: str | None, message: str, **values: str | None) -> None:
        """One finding of a record that is missing or differs."""
        (self.missing if kind == "missing" else self.differing).add(source_id)
        self.found.findings.append(Finding(kind, source_id, target_id, message, **values))

    def note_gone(self, entry: IdMapEntry) -> None:
        """A record was imported, and is not there any more."""
        self.gone.append(entry)
        self.note("missing", entry.source_id, entry.target_id, "was imported, and is not at the target any more")

    def note_lost(self, source_id: str, target_id: str, message: str, *, known: bool) -> None:
        """A file is listed and not to be had. ``known``: the target says itself that it is gone."""
        self.lost.add(source_id)
        self.altered.add(source_id)
        if known:
            self.note("missing", source_id, target_id, message, field="content")
            return
        self.unreadable.add(source_id)
        self.found.findings.append(Finding("unreadable", source_id, target_id, message, "content"))

    def compare(self, items: dict[str, JsonObject]) -> None:
        """Hold what was read back against the id map: ids, and the content by its checksum."""
        for source_id, entry in self.expected.items():
            item = items.get(source_id)
            if item is None:
                self.note_gone(entry)
                continue
            self.looked_at.add(source_id)
            if item["target_id"] != entry.target_id:
                ids = {"expected": entry.target_id, "found": str(item["target_id"])}
                message = "has another target id than the one that others refer to it by"
                self.note("differs", source_id, entry.target_id, message, field="target_id", **ids)
                self.gone.append(entry)
            if _content(item) != entry.checksum:
                self.differing.add(source_id)
                self.altered.add(source_id)
            elif item["checksum"] != entry.checksum:
                message = "the checksum that the target keeps is not that of its content"
                self.note("differs", source_id, entry.target_id, message, field="checksum")

    def to_compare(self, items: dict[str, JsonObject]) -> list[SourceRecord]:
        """Records that are made anew: a sample, and all that differ or would be written by a run that writes."""
        there = [record for record in self.records if record.id in items and record.id in self.known]
        chosen = self.differing | self.told.due | self.drawn([record.id for record in there])
        return [record for record in there if record.id in chosen]

    def marks(self) -> list[tuple[IdMapEntry, IdMapEntry]]:
        """Id-map entries that have to tell, or need not tell any more, that their record was altered: before, after."""
        altered = self.altered - {entry.source_id for entry in self.gone}
        known = ((one, self.known[one]) for one in sorted(self.looked_at | altered))
        marked = ((entry, replace(entry, altered=one in altered)) for one, entry in known)
        return [(entry, after) for entry, after in marked if entry != after]

    def cut(self, count: int) -> None:
        """Leave out the records behind the first ``count``, which nobody looked at: they belong to another row."""
        others = {record.id for record in self.records[count:]}
        self.records = self.records[:count]
        self.absent -= others
        self.missing -= others
        findings = [one for one in self.found.findings if one.source_id not in others]
        targets = [entry.target_id for entry in self.expected.values()]
        self.found = Found([record.id for record in self.records], targets, findings)

    def drawn(self, source_ids: Sequence[str]) -> set[str]:
        """The sample of these records. The same run has the same sample each time.

        What was altered at the target is always of it, and so is what a repairing run has sent. However small the
        share is, one of them is drawn that was not kept as it was or given up, so that no entity passes unseen.
        """
        share = self.run.options.sample
        chosen = {one for one in source_ids if self._always(one) or self._lot(one) < share}
        usual = [one for one in source_ids if one not in self.told.kept and one not in self.told.given_up]
        if usual and share > 0 and chosen.isdisjoint(usual):
            chosen.add(min(usual, key=self._lot))
        return chosen

    def _always(self, source_id: str) -> bool:
        entry, repaired = self.known.get(source_id), self.run.options.repair and source_id in self.told.sent
        return repaired or (entry is not None and entry.altered)

    def _lot(self, source_id: str) -> float:
        """At least 0, and below 1."""
        seed = f"{self.run.run_id}:{self.entity}:{source_id}".encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(seed, digest_size=6).digest(), "big") / 2**48

    def draft(self, record: SourceRecord, draft: Draft) -> JsonObject | None:
        """What the target should have of a record; None where it has what it had, by decision or for a failure.

        So it is where another run has written since: then this one's version is not what the target should have.
        """
        entry = self.known[record.id]
        kept = record.id in self.told.kept or draft.undefined
        failed = record.id in self.told.given_up and entry.run_id != self.run.run_id
        return None if kept or failed or written_since(self.run, entry) else draft.data

    def judge(self, source_id: str, expected: JsonObject, item: JsonObject) -> None:
        """Field by field. ``expected`` has its target ids."""
        told = differences(source_id, str(item["target_id"]), orjson.loads(orjson.dumps(expected)), item["data"])
        self.sampled.add(source_id)
        self.found.findings += told
        if told:
            self.unequal.add(source_id)
            self.differing.add(source_id)

    def conclude(self, items: dict[str, JsonObject]) -> None:
        """Say at least that a record differs, where no field tells how."""
        told = {one.source_id for one in self.found.findings}
        for source_id in sorted(self.differing - told):
            entry = self.known[source_id]
            message = "its content at the target is not what was last written there"
            values = {"expected": shown(entry.checksum), "found": shown(_content(items[source_id]))}
            self.found.findings.append(Finding("differs", source_id, entry.target_id, message, **values))

    def _not_imported(self, record: SourceRecord) -> None:
        known = record.id in self.deleted or self.told.explains(record.id)
        if known or self.job.mappings[self.entity].leaves_out(record):
            self.absent.add(record.id)
        elif record.id in self.told.due:
            self.note("missing", record.id, None, "not at the target: not imported yet, or gone since")
        else:
            self.note("missing", record.id, None, "was not imported, and no dead letter says why")


async def make_anew(
    slice_: Slice, records: Iterable[SourceRecord], references: References, descriptions: Descriptions
) -> dict[str, JsonObject]:
    """Canonical records as the source and the id map give them now; without those that nothing can be made of."""
    mapping, job = slice_.job.mappings[slice_.entity], slice_.job
    around = await descriptions.of(slice_.run, job, slice_.entity)
    drafts: dict[str, JsonObject] = {}
    for record in records:
        try:
            data = slice_.draft(record, mapping.apply(record, around))
        except RecordRejected:
            continue  # it is a dead letter, and the target has it as it was
        if data is not None:
            drafts[record.id] = data
    places = [record.id for record in slice_.records]
    own = Own(slice_.entity, frozenset(places), slice_.known)
    needed = own.others(one for data in drafts.values() for one in pending(data))
    lookup = own.first(await references.lookup(slice_.run, Moment(Stage.VERIFY), needed))
    return {source_id: resolve(data, lookup).data for source_id, data in drafts.items()}


def _content(item: JsonObject) -> str | None:
    """The checksum of what the target has; None when it has no canonical form."""
    try:
        return checksum(item["data"])
    except RecordRejected:
        return None
