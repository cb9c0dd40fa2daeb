"""The import worker: one message is one slice of up to 1,000 rows.

Transform, resolve references through whole id-map blocks, leave out what is unchanged, deliver the rest, then write
the id map, the receipts and the dead letters, and complete the slice by one conditional write. A slice that breaks off
is done again from the start: what went in is recognised by checksum (and by the target through its keys).
"""

import asyncio
import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial

import orjson

from shared.engine.archive.rebuilding import RowsLost
from shared.engine.clock import Clock
from shared.engine.importing.delivering import Delivery, deliver
from shared.engine.importing.describing import Descriptions
from shared.engine.importing.judging import Judging
from shared.engine.importing.levels import levels
from shared.engine.importing.lookup import Own, References
from shared.engine.importing.outcome import Outcome
from shared.engine.importing.placeholders import entries_of, made_up, placeholder, there
from shared.engine.importing.results import Results
from shared.engine.importing.seals import Seals
from shared.engine.importing.slices import records_of, told_before
from shared.engine.job import Job, Jobs, Pace
from shared.engine.pages.announcing import announced, made_up_by
from shared.engine.pages.completing import complete, give_up, whole
from shared.engine.pages.holding import Hold, holding
from shared.engine.pages.parking import note_calls, park
from shared.engine.pauses import DEFECT, STUMBLE
from shared.engine.runs.admission import Admission
from shared.engine.runs.stopping import Stopping
from shared.engine.runs.targets import TargetGuard
from shared.model.errors import Conflict, EntityStopped, RecordRejected, RetryLater, RunStopped, SlowDown
from shared.model.json import JsonObject
from shared.model.ledger import PageKey, PageRow, PageState, Stage
from shared.model.messages import ImportMessage
from shared.model.records import OutgoingItem, SourceRecord
from shared.model.run import Run
from shared.ports.evidence import merged, recording
from shared.ports.stores import Stores
from shared.transform.canonical import checksum
from shared.transform.making import Surroundings
from shared.transform.references import Lookup, pending, resolve


class _Stumbled(Exception):
    """The target failed on some ``records`` in a way that may pass."""

    def __init__(self, records: int) -> None:
        super().__init__(records)
        self.records = records


class _Withdrawn(Exception):
    """The run was paused or ended, or the slice is not safely in hand any more: no further call."""


@dataclass(slots=True)
class Importer:
    """Works on slices."""

    jobs: Jobs
    stores: Stores
    admission: Admission
    stopping: Stopping
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
        run = await self.admission.run(message.run_id, message.epoch)
        if run is None:
            return
        row = await self.stores.ledger.get(message.key)
        if row is None or row.state is not PageState.PENDING:
            return
        with recording() as calls:
            await self._held(run, row, calls, early=message.early)

    async def _held(self, run: Run, row: PageRow, calls: Counter[str], *, early: bool) -> None:
        """One attempt; ``calls`` grows by those that are made for it."""
        try:
            async with holding(self.stores.ledger, self.clock, row) as hold:
                await self._slice(run, self.jobs.of(run.plan), hold, calls, early=early)
        except _Stumbled as stumbled:
            await self._park(row.key, STUMBLE.after(row.attempts), calls, attempts=1, transient=stumbled.records)
        except (SlowDown, RetryLater) as error:
            await self._park(row.key, await self.stopping.absorb(run, row.key.entity, error), calls)
        except RowsLost as lost:
            before, at = await told_before(self.stores, row), self.clock.seconds()
            ids = None if before is None else before.ids
            await give_up(self.stores, row, lost.reason.code, lost.message, at=at, source_ids=ids)
        except (EntityStopped, RunStopped) as error:
            await self.stopping.absorb(run, row.key.entity, error)
            await note_calls(self.stores.ledger, row.key, calls)
        except (Conflict, _Withdrawn):
            return  # the slice is in other hands, or nobody's: the run's orchestration sees to it
        except Exception:
            # The message comes back by itself. Without a pause each tick would send one more.
            await self._park(row.key, DEFECT.after(row.attempts), calls, attempts=1, answered=False)
            raise

    async def left_of(self, row: PageRow) -> list[str] | None:
        """See ``Judging.left_of``."""
        return await self._judging.left_of(row)

    async def _park(
        self,
        key: PageKey,
        seconds: float,
        calls: Counter[str],
        attempts: int = 0,
        transient: int = 0,
        *,
        answered: bool = True,
    ) -> None:
        counted = partial(park, attempts=attempts, transient=transient, answered=answered, calls=calls)
        await counted(self.stores.ledger, self.clock, key, seconds)

    async def _slice(self, run: Run, job: Job, hold: Hold, calls: Counter[str], *, early: bool) -> None:
        row = hold.row
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
            hold.row = await self.stores.ledger.update(replace(hold.row, in_turn=True))
            return
        drafts = self._transform(job, changed, outcome, await self.descriptions.of(run, job, entity))
        lookup = await self._lookup(run, job, hold, drafts, outcome)
        tree = job.plan.entity(entity).tree
        for level in levels(drafts, tree, entity) if tree else [drafts]:
            await self._import(run, job, hold, level, lookup, outcome)
        if seal.digest is not None:
            outcome.results.still_open = await self._seals.open_of(run, outcome)
        done = replace(hold.row, calls=merged(hold.row.calls, calls), undecided=undecided, seal=seal.digest)
        await self._complete(done, outcome.results)
        hold.completed = True

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

    async def _lookup(self, run: Run, job: Job, hold: Hold, drafts: dict[str, JsonObject], outcome: Outcome) -> Lookup:
        """Answers for all that these records refer to: of the slice's own, as they are when it is asked."""
        own = Own(hold.row.key.entity, outcome.places, outcome.known)
        needed = own.others(one for data in drafts.values() for one in pending(data))
        lookup = await self.references.lookup(run, needed)
        if run.mode.writes and (gone := made_up(needed, lookup)):
            for entity, ids in gone.items():
                await self._make_up(run, job, hold, entity, ids, outcome)
            lookup = await self.references.lookup(run, needed)
        return own.first(lookup)

    async def _import(
        self, run: Run, job: Job, hold: Hold, drafts: dict[str, JsonObject], lookup: Lookup, outcome: Outcome
    ) -> None:
        row = hold.row
        made = (self._item(run, job, row, source_id, draft, lookup, outcome) for source_id, draft in drafts.items())
        items = [item for item in made if item is not None]
        if run.mode.writes and (entries := outcome.entries_with_new_origins()):
            await self.references.write(run.plan, entries)
        if not items:
            return
        if not run.mode.writes:
            outcome.would_write(items)
            return
        delivery = await self._deliver(run, job, hold, row.key.entity, items)
        await self._book(run, delivery, items, outcome)

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

    async def _make_up(
        self, run: Run, job: Job, hold: Hold, entity: str, source_ids: list[str], outcome: Outcome
    ) -> None:
        items = [placeholder(job, entity, source_id) for source_id in source_ids]
        hold.row = await made_up_by(self.stores.ledger, hold.row, entity, source_ids)
        delivery = await self._deliver(run, job, hold, entity, items)
        entries = entries_of(entity, items, delivery.receipts, run.run_id, hold.row.key.place, outcome.now)
        outcome.results.note_made_up(await self.references.add(run.plan, entries))
        if delivery.trouble is not None:
            raise delivery.trouble

    async def _deliver(self, run: Run, job: Job, hold: Hold, entity: str, items: list[OutgoingItem]) -> Delivery:
        key = hold.row.key
        capabilities = await self.guard.capabilities(run, job)
        batch = f"{run.run_id}-{key.entity}-{key.range_no}-{key.row}" + ("" if entity == key.entity else f"-{entity}")

        async def may_call() -> None:
            if not hold.safe or await self.admission.run(run.run_id, run.epoch) is None:
                raise _Withdrawn

        return await deliver(
            job.target,
            capabilities,
            entity,
            run.run_id,
            batch,
            items,
            self.pace.in_flight(capabilities.limits.get(entity)),
            may_call,
        )

    async def _book(self, run: Run, delivery: Delivery, items: list[OutgoingItem], outcome: Outcome) -> None:
        """Write down what went in before anything else is decided."""
        outcome.results.stumbled |= delivery.stumbled
        entries = outcome.book(delivery.receipts, {item.source_id: item.checksum for item in items})
        if entries:
            await self.references.write(run.plan, entries)
        if delivery.trouble is not None:
            raise delivery.trouble
        if outcome.stumbled and outcome.results.row.attempts < self.pace.transient_attempts:
            raise _Stumbled(len(outcome.results.stumbled))
        outcome.give_up()

    async def _complete(self, row: PageRow, results: Results) -> None:
        """Receipts and dead letters first: a slice that is done has them. Both are the same for every attempt but for
        the receipts' name, and a letter is taken back by the attempt that does not give its record up.
        """
        receipts, jobs = results.blob(uuid.uuid4().hex[:8]), []
        if letters := results.letters():
            now = await announced(self.stores.ledger, row)
            row = replace(row, attempts=now.attempts, etag=now.etag)
            jobs.append(self.stores.dead_letters.add(letters))
        others = results.not_given_up()
        if row.earlier:
            others.append(whole(row))
        if others:
            jobs.append(self.stores.dead_letters.remove(row.key.run_id, row.key.entity, others))
        await asyncio.gather(self.stores.archive.put(receipts, orjson.dumps(results.document())), *jobs)
        done = replace(
            row,
            state=PageState.DONE,
            counts=results.counts(),
            receipts=receipts,
            completed_at=self.clock.seconds(),
        )
        await complete(self.stores.ledger, done)
