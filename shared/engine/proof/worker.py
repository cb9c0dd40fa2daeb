"""The proof's worker: one message is one slice read back, or a minute of the target's list of an entity.

It follows the rules of the import worker: a row is held while it is worked on, the blob with what was found comes
before the row is completed, and a row that breaks off is done again from the start. Nothing is written to the target.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import orjson

from shared.engine.archive.rebuilding import RowsLost
from shared.engine.clock import Clock
from shared.engine.importing.describing import Descriptions
from shared.engine.importing.lookup import References
from shared.engine.importing.slices import records_of
from shared.engine.job import Job, Jobs, Pace
from shared.engine.pages.completing import complete, leave_unproven
from shared.engine.pages.holding import Hold, holding
from shared.engine.pages.parking import note_calls, park
from shared.engine.pauses import DEFECT
from shared.engine.proof.files import prove_files
from shared.engine.proof.listings import Listings, page_document
from shared.engine.proof.orphans import find_orphans
from shared.engine.proof.reading import read_back
from shared.engine.proof.reporting import blob_of
from shared.engine.proof.slices import Slice, make_anew
from shared.engine.proof.strays import find_strays
from shared.engine.proof.telling import told_of
from shared.engine.runs.admission import Admission
from shared.engine.runs.following import withdraw
from shared.engine.runs.stopping import Stopping
from shared.engine.runs.targets import TargetGuard
from shared.model.errors import Conflict, EntityStopped, RetryLater, RunStopped, SlowDown
from shared.model.idmap import IdMapEntry
from shared.model.json import JsonObject
from shared.model.ledger import Counts, PageRow, PageState, Stage
from shared.model.messages import IMPORT_QUEUE, ImportMessage
from shared.model.run import Run
from shared.ports.evidence import merged, recording
from shared.ports.stores import Stores
from shared.transform.files import FILES

_REFUSED = "target.refused"
"""The target does not let us look. That makes figures unverified; it stops nobody."""

MayCall = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Done:
    """A row as it is to be completed, the one that follows from it, and the id-map entries that are not true any more.

    The latter go when the row is completed: then the next run brings those records again. Should the target have them
    after all, it recognises them by their keys.
    """

    row: PageRow
    following: PageRow | None = None
    gone: Sequence[IdMapEntry] = ()


class _Withdrawn(Exception):
    """The run was paused or ended, or the row is not safely in hand any more: no further call."""


@dataclass(slots=True)
class Prover:
    """Works on rows of the stages ``VERIFY`` and ``COMPARE``. ``references`` are its own: nothing writes meanwhile."""

    jobs: Jobs
    stores: Stores
    admission: Admission
    stopping: Stopping
    references: References
    guard: TargetGuard
    descriptions: Descriptions
    clock: Clock
    pace: Pace
    _listings: Listings = field(init=False)

    def __post_init__(self) -> None:
        self._listings = Listings(self.stores)

    async def work(self, message: ImportMessage) -> None:
        """Handle one message. It is completed whatever happens, except when storage itself is out."""
        run = await self.admission.run(message.run_id, message.epoch)
        row = None if run is None else await self.stores.ledger.get(message.key)
        until = self.clock.monotonic() + self.pace.worker_seconds
        while run is not None and row is not None and row.state is PageState.PENDING:
            with recording() as calls:
                following = await self._held(run, row, calls)
            if following is None:
                return
            if self.clock.monotonic() > until:
                await self.stores.queue.send(IMPORT_QUEUE, [ImportMessage.of(following.key, run.epoch).dump()])
                return
            run = await self.admission.run(run.run_id, run.epoch)
            row = await self.stores.ledger.get(following.key)

    async def give_up(self, row: PageRow, reason: str) -> None:
        """What crashes its worker each time proves nothing: its figures are unverified, and the run goes on."""
        await leave_unproven(self.stores.ledger, row, reason, at=self.clock.seconds())

    async def _held(self, run: Run, row: PageRow, calls: Counter[str]) -> PageRow | None:
        """One attempt; answers the row that follows from it, if any."""
        try:
            async with holding(self.stores.ledger, self.clock, row) as hold:
                done = await self._looked(run, self.jobs.of(run.plan), hold)
                calls_so_far = merged(hold.row.calls, calls)
                row = replace(done.row, calls=calls_so_far, etag=hold.row.etag, held_by=hold.row.held_by)
                await complete(self.stores.ledger, row, [done.following] if done.following else [])
                hold.completed = True
                if done.gone:
                    await withdraw(self.stores.idmaps.of(run.plan), self.clock.now())
                    await self.references.remove(run.plan, done.gone)
                return done.following
        except (SlowDown, RetryLater) as error:
            seconds = await self.stopping.absorb(run, row.key.entity, error)
            await park(self.stores.ledger, self.clock, row.key, seconds, calls=calls)
        except (EntityStopped, RunStopped) as error:
            await self.stopping.run(run, error)
            await note_calls(self.stores.ledger, row.key, calls)
        except (Conflict, _Withdrawn):
            return None  # the row is in other hands, or nobody's: the run's orchestration sees to it
        except Exception:
            # The message comes back by itself. Without a pause each tick would send one more.
            seconds = DEFECT.after(row.attempts)
            await park(self.stores.ledger, self.clock, row.key, seconds, attempts=1, calls=calls, answered=False)
            raise
        return None

    async def _looked(self, run: Run, job: Job, hold: Hold) -> _Done:
        async def may_call() -> None:
            if not hold.safe or await self.admission.run(run.run_id, run.epoch) is None:
                raise _Withdrawn

        row = hold.row
        try:
            if row.key.stage is Stage.VERIFY:
                return await self._slice(run, job, row, may_call)
            if row.key.part:
                return _Done(await self._strays(run, job, row))
            return await self._list(run, job, row, may_call)
        except RowsLost as lost:
            return _Done(self._ended(row, lost.reason.code))
        except RunStopped as error:
            if error.reason.code != _REFUSED:
                raise
            return _Done(self._ended(row, _REFUSED))

    async def _slice(self, run: Run, job: Job, row: PageRow, may_call: MayCall) -> _Done:
        entity, cursor = row.key.entity, row.cursor or {}
        records, told = await asyncio.gather(
            records_of(self.jobs, self.stores, row, None), told_of(self.stores, row, writes=run.mode.writes)
        )
        mapping = job.mappings[entity]
        places = {record.id: mapping.parent(record) for record in records}
        known = await self.stores.idmaps.of(run.plan).find(entity, places)
        slice_ = Slice(run, job, entity, records, known, told)
        refused, unread = None, 0
        try:
            if entity == FILES:
                await self._files(slice_, int(cursor["state"]), may_call)
            else:
                await self._records(slice_, int(cursor["state"]), may_call)
        except RunStopped as error:
            if error.reason.code != _REFUSED:
                raise
            refused, unread = _REFUSED, len(slice_.expected.keys() - slice_.differing - slice_.missing)
        done = await self._written(row, slice_.found.document(), slice_.counts(unread), refused)
        return _Done(done, gone=slice_.gone)

    async def _records(self, slice_: Slice, state: int, may_call: MayCall) -> None:
        run, job = slice_.run, slice_.job
        capabilities = await self.guard.capabilities(run, job)
        in_flight = self.pace.in_flight(capabilities.limits.get(slice_.entity))
        items = await read_back(job.target, slice_.entity, list(slice_.expected), in_flight, may_call)
        slice_.compare(items)
        chosen = slice_.to_compare(items)
        anew = await make_anew(slice_, chosen, self.references, self.descriptions) if chosen else {}
        for source_id, expected in anew.items():
            slice_.judge(source_id, expected, items[source_id])
        slice_.conclude(items)
        await find_orphans(slice_, items, self._listings, state)

    async def _files(self, slice_: Slice, state: int, may_call: MayCall) -> None:
        await self.guard.capabilities(slice_.run, slice_.job)
        listed = await self._listings.of(slice_.run.run_id, state, slice_.entity)
        if listed is None:
            raise RunStopped(_REFUSED, "The target did not list its files")
        await prove_files(slice_, listed, may_call)

    async def _list(self, run: Run, job: Job, row: PageRow, may_call: MayCall) -> _Done:
        await self.guard.capabilities(run, job)
        await may_call()
        page = await job.target.listing(row.key.entity, (row.cursor or {})["after"])
        counts = Counts(listed=sum(not one.foreign for one in page.items))
        done = await self._written(row, page_document(page), counts, None)
        if page.next is None:
            return _Done(done)
        key = replace(row.key, seq=row.key.seq + 1)
        now = self.clock.seconds()
        return _Done(done, PageRow(key, cursor={"after": page.next}, enqueued_at=now, enqueued_by=run.epoch))

    async def _strays(self, run: Run, job: Job, row: PageRow) -> PageRow:
        entity = row.key.entity
        within = job.mappings[entity].within is not None
        whole = bool((row.cursor or {})["whole"])
        counts, found, refused = await find_strays(self.stores, run, entity, whole=whole, within=within)
        if entity != FILES:
            try:
                ours, _ = await job.target.count(entity)
                counts += Counts(counted=ours)
            except RunStopped as error:
                if error.reason.code != _REFUSED:
                    raise
                refused = _REFUSED
        return await self._written(row, found.document(), counts, refused)

    async def _written(self, row: PageRow, document: JsonObject, counts: Counts, reason: str | None) -> PageRow:
        blob = blob_of(row.key)
        await self.stores.archive.put(blob, orjson.dumps(document))
        return replace(self._ended(row, reason), receipts=blob, counts=counts)

    def _ended(self, row: PageRow, reason: str | None) -> PageRow:
        """Without figures: what it was to look at counts as unread."""
        unread = int((row.cursor or {})["count"]) if row.key.stage is Stage.VERIFY else 0
        counts = Counts(unread=unread)
        return replace(row, state=PageState.DONE, reason=reason, counts=counts, completed_at=self.clock.seconds())
