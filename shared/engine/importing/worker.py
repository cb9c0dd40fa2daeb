"""The import worker: one message is one slice of up to 1,000 rows.

Transform, resolve references through whole id-map blocks, leave out what is unchanged, deliver the rest, then write
the id map, the receipts and the dead letters, and complete the slice by one conditional write. A slice that breaks off
is done again from the start: what went in is recognised by checksum (and by the target through its keys).
"""

import asyncio
import contextlib
import uuid
from dataclasses import dataclass, field, replace

import orjson

from shared.engine.archive.rebuilding import RowsLost
from shared.engine.clock import Clock
from shared.engine.importing.delivering import Delivery, deliver
from shared.engine.importing.describing import Descriptions
from shared.engine.importing.judging import Judging
from shared.engine.importing.levels import levels
from shared.engine.importing.lookup import Moment, Own, References
from shared.engine.importing.outcome import Outcome
from shared.engine.importing.overwriting import versions_there
from shared.engine.importing.placeholders import entries_of, made_up, placeholder, there
from shared.engine.importing.results import Results
from shared.engine.importing.seals import Seals
from shared.engine.importing.slices import records_of, told_before
from shared.engine.job import Job, Jobs, Pace
from shared.engine.pages.announcing import announced, made_up_by
from shared.engine.pages.completing import complete, give_up, whole
from shared.engine.pauses import STUMBLE
from shared.engine.runs.attempting import Attempt, Attempting, Deferred
from shared.engine.runs.targets import TargetGuard
from shared.model.errors import Conflict, RecordRejected
from shared.model.json import JsonObject
from shared.model.ledger import PageRow, PageState, Stage
from shared.model.messages import ImportMessage
from shared.model.records import OutgoingItem, SourceRecord
from shared.model.run import Run
from shared.ports.evidence import merged
from shared.ports.stores import Stores
from shared.transform.canonical import checksum
from shared.transform.making import Surroundings
from shared.transform.references import Lookup, pending, resolve


@dataclass(slots=True)
class Importer:
    """Works on slices."""

    jobs: Jobs
    stores: Stores
    attempting: Attempting
    references: References
    guard: TargetGuard
    descriptions: Descriptions
    clock: Clock
    pace: Pace
    _judging: Judging = field(init=False)
    _seals: Seals = field(init=False)

    def __post_init__(self) -> None:
        self._judging = Judging(self.jobs, self.stores, self.references, self.descriptions, self.clock)
        self._seals = Seals(self.stores, self.references, self.descriptions)

    async def work(self, message: ImportMessage) -> None:
        """Handle one message. It is completed whatever happens, except when storage itself is out."""
        if (due := await self.attempting.due(message)) is None:
            return
        run, row = due

        async def work(attempt: Attempt) -> None:
            try:
                await self._slice(attempt, self.jobs.of(run.plan), early=message.early)
            except RowsLost as lost:
                await self._lost(attempt, lost)

        await self.attempting.attempt(run, row, work, entity=row.key.entity)

    async def left_of(self, row: PageRow) -> list[str] | None:
        """See ``Judging.left_of``."""
        return await self._judging.left_of(row)

    async def close(self, row: PageRow) -> None:
        """Complete a slice that crashes its worker although nothing of it is left to be done."""
        if (run := await self.stores.runs.get(row.key.run_id)) is None:
            return
        results = await self._judging.arrived(run, row)
        receipts, at = results.blob(uuid.uuid4().hex[:8]), self.clock.seconds()
        await self.stores.archive.put(receipts, orjson.dumps(results.document()))
        done = replace(row, state=PageState.DONE, counts=results.counts(), receipts=receipts, completed_at=at)
        with contextlib.suppress(Conflict):  # it is in other hands
            await complete(self.stores.ledger, done)

    async def _lost(self, attempt: Attempt, lost: RowsLost) -> None:
        """Give the slice up: its records cannot be read any more."""
        row, at = attempt.row, self.clock.seconds()
        before = await told_before(self.stores, row)
        ids = None if before is None else before.ids
        row = replace(row, calls=merged(row.calls, attempt.calls))
        await give_up(self.stores, row, lost.reason.code, lost.message, at=at, source_ids=ids)
        attempt.hold.completed = True

    async def _slice(self, attempt: Attempt, job: Job, *, early: bool) -> None:
        run, row = attempt.run, attempt.row
        entity = row.key.entity
        mapping, before = job.mappings[entity], await told_before(self.stores, row)
        loaded = await records_of(self.jobs, self.stores, row, before)
        seal = await self._seals.of(run, job, row, loaded)
        undecided = seal.undecided
        if before is None and not seal.vouched:
            undecided = mapping.coverage.undecided(record.data for record in loaded)
        to_judge = [record for record in loaded if record.id not in seal.vouched]
        outcome, records = await self._judging.begin(run, job, row, to_judge, before)
        outcome.results.skipped |= seal.vouched
        outcome.results.note_made_up(await there(self.stores.idmaps.of(run.plan), row.making_up))
        changed = await self._judging.changed(run, job, records, outcome, early=early)
        if early and changed:
            attempt.hold.row = await self.stores.ledger.update(replace(attempt.row, in_turn=True))
            return
        drafts = self._transform(job, changed, outcome, await self.descriptions.of(run, job, entity))
        lookup = await self._lookup(attempt, job, drafts, outcome)
        tree = job.plan.entity(entity).tree
        for level in levels(drafts, tree, entity) if tree else [drafts]:
            await self._import(attempt, job, level, lookup, outcome)
        if seal.digest is not None:
            outcome.results.still_open = await self._seals.open_of(run, outcome)
        await self._complete(attempt, outcome.results, undecided, seal.digest)

    def _transform(
        self, job: Job, records: list[SourceRecord], outcome: Outcome, around: Surroundings
    ) -> dict[str, JsonObject]:
        drafts = {}
        mapping = job.mappings[outcome.results.row.key.entity]
        for record in records:
            try:
                draft = mapping.apply(record, around)
            except RecordRejected as error:
                outcome.results.reject(record.id, error.reason.code, error.message, error.field)
                continue
            if outcome.keeps(record.id, draft.undefined):
                continue  # not sent, and neither failed nor flawed: the target has it as it was
            drafts[record.id] = draft.data
            outcome.results.note_flaws(record.id, draft.flaws)
        return drafts

    async def _lookup(self, attempt: Attempt, job: Job, drafts: dict[str, JsonObject], outcome: Outcome) -> Lookup:
        """Answers for all that these records refer to: of the slice's own, as they are when it is asked."""
        run, moment = attempt.run, Moment.of(attempt.row.key)
        own = Own(attempt.row.key.entity, outcome.places, outcome.known)
        needed = own.others(one for data in drafts.values() for one in pending(data))
        lookup = await self.references.lookup(run, moment, needed)
        if run.mode.writes and (gone := made_up(needed, lookup)):
            for entity, ids in gone.items():
                await self._make_up(attempt, job, entity, ids, outcome)
            lookup = await self.references.lookup(run, moment, needed)
        return own.first(lookup)

    async def _import(
        self, attempt: Attempt, job: Job, drafts: dict[str, JsonObject], lookup: Lookup, outcome: Outcome
    ) -> None:
        run, row = attempt.run, attempt.row
        made = (self._item(run, job, row, source_id, draft, lookup, outcome) for source_id, draft in drafts.items())
        items = [item for item in made if item is not None]
        if run.mode.writes and (entries := outcome.entries_with_new_origins()):
            await self.references.write(run.plan, entries)
        if not items:
            return
        if not run.mode.writes:
            outcome.would_write(items)
            return
        items = await self._make_way(attempt, job, items, outcome)
        delivery = await self._deliver(attempt, job, row.key.entity, items)
        await self._book(run, delivery, items, outcome)

    async def _make_way(
        self, attempt: Attempt, job: Job, items: list[OutgoingItem], outcome: Outcome
    ) -> list[OutgoingItem]:
        """Have the target take what it has of altered records as versions; answers the items that can be sent now."""
        there, refused = await versions_there(job.target, items, outcome, attempt.may_call)
        delivery = await self._deliver(attempt, job, attempt.row.key.entity, there) if there else Delivery()
        if delivery.trouble is not None:
            raise delivery.trouble
        refused |= outcome.note_ways_barred(delivery.receipts)
        return [item for item in items if item.source_id not in refused]

    @staticmethod
    def _item(
        run: Run, job: Job, row: PageRow, source_id: str, draft: JsonObject, lookup: Lookup, outcome: Outcome
    ) -> OutgoingItem | None:
        """What is to be sent of a record; None when there is nothing to send now, and ``outcome`` knows why."""
        resolution = resolve(draft, lookup)
        if resolution.blocking and run.mode.writes:
            outcome.results.wait(source_id, resolution.blocking)
            return None
        if run.mode.writes:
            changing = outcome.changing(pending(draft))
            outcome.results.note_missing(source_id, list(dict.fromkeys((*resolution.missing, *changing))))
            if resolution.missing and outcome.has_older_version(source_id) and row.key.stage is not Stage.PATCH:
                return None  # the target has one that is whole: the patch will bring the new one, whole
        try:
            if not resolution.blocking:  # a dry run has no target ids
                job.validate(row.key.entity, resolution.data)
            digest = checksum(resolution.data)
        except RecordRejected as error:
            outcome.results.reject(source_id, error.reason.code, error.message, error.field)
            return None
        outcome.note_origin(source_id, pending(draft), lookup)
        if outcome.unchanged(source_id, digest):
            return None
        return OutgoingItem(source_id, job.target.key(row.key.entity, source_id, digest), digest, resolution.data)

    async def _make_up(self, attempt: Attempt, job: Job, entity: str, source_ids: list[str], outcome: Outcome) -> None:
        run, hold = attempt.run, attempt.hold
        items = [placeholder(job, entity, source_id) for source_id in source_ids]
        hold.row = await made_up_by(self.stores.ledger, hold.row, entity, source_ids)
        delivery = await self._deliver(attempt, job, entity, items)
        entries = entries_of(entity, items, delivery.receipts, run.run_id, hold.row.key.place, outcome.now)
        outcome.results.note_made_up(await self.references.add(run.plan, entries))
        if delivery.trouble is not None:
            raise delivery.trouble

    async def _deliver(self, attempt: Attempt, job: Job, entity: str, items: list[OutgoingItem]) -> Delivery:
        run, key = attempt.run, attempt.row.key
        capabilities = await self.guard.capabilities(run, job)
        batch = f"{run.run_id}-{key.entity}-{key.range_no}-{key.row}" + ("" if entity == key.entity else f"-{entity}")
        in_flight = self.pace.in_flight(capabilities.limits.get(entity))
        return await deliver(job.target, capabilities, entity, run.run_id, batch, items, in_flight, attempt.may_call)

    async def _book(self, run: Run, delivery: Delivery, items: list[OutgoingItem], outcome: Outcome) -> None:
        """Write down what went in before anything else is decided."""
        outcome.results.stumbled |= delivery.stumbled
        entries = outcome.book(delivery.receipts, {item.source_id: item.checksum for item in items})
        if entries:
            await self.references.write(run.plan, entries)
        if delivery.trouble is not None:
            raise delivery.trouble
        attempts = outcome.results.row.attempts
        if outcome.stumbled and attempts < self.pace.transient_attempts:
            raise Deferred(STUMBLE.after(attempts), failures=len(outcome.results.stumbled))
        outcome.give_up()

    async def _complete(self, attempt: Attempt, results: Results, undecided: dict[str, int], seal: str | None) -> None:
        """Receipts and dead letters first: a slice that is done has them. Both are the same for every attempt but for
        the receipts' name, and a letter is taken back by the attempt that does not give its record up.
        """
        receipts, jobs = results.blob(uuid.uuid4().hex[:8]), []
        if letters := results.letters():
            attempt.hold.row = await announced(self.stores.ledger, attempt.row)
            jobs.append(self.stores.dead_letters.add(letters))
        row, others = attempt.row, results.not_given_up()
        if row.earlier:
            others.append(whole(row))
        if others:
            jobs.append(self.stores.dead_letters.remove(row.key.run_id, row.key.entity, others))
        await asyncio.gather(self.stores.archive.put(receipts, orjson.dumps(results.document())), *jobs)
        done = replace(
            attempt.row,
            state=PageState.DONE,
            counts=results.counts(),
            receipts=receipts,
            undecided=undecided,
            seal=seal,
            completed_at=self.clock.seconds(),
        )
        await attempt.complete(done)
