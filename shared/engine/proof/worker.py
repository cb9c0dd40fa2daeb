"""The proof's worker: one message is one slice read back, or a minute of the target's list of an entity.

It follows the rules of the import worker: a row is held while it is worked on, the blob with what was found comes
before the row is completed, and a row that breaks off is done again from the start. Nothing is written to the target.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import orjson

from shared.engine.archive.rebuilding import RowsLost
from shared.engine.clock import Clock
from shared.engine.importing.describing import Descriptions
from shared.engine.importing.lookup import References
from shared.engine.importing.overtaking import writing_beside
from shared.engine.importing.slices import records_of
from shared.engine.job import Job, Jobs, Pace
from shared.engine.pages.completing import go_without
from shared.engine.proof.files import prove_files
from shared.engine.proof.keeping import Keeping
from shared.engine.proof.listings import Listings, page_document
from shared.engine.proof.orphans import find_orphans
from shared.engine.proof.reading import read_back
from shared.engine.proof.reporting import Found, blob_of, parted
from shared.engine.proof.slices import Slice, make_anew
from shared.engine.proof.strays import find_strays
from shared.engine.proof.telling import told_of
from shared.engine.runs.attempting import Attempt, Attempting
from shared.engine.runs.following import withdraw
from shared.engine.runs.targets import TargetGuard
from shared.model.errors import RunStopped
from shared.model.idmap import IdMapEntry
from shared.model.json import JsonObject
from shared.model.ledger import Counts, PageRow, PageState, Stage
from shared.model.messages import ImportMessage
from shared.model.run import Run
from shared.model.tombstones import Fate
from shared.ports.stores import Stores
from shared.transform.files import FILES

_UNREADABLE = "target.file_unreadable"
_OVERTAKEN = "proof.overtaken"
_REFUSED = "target.refused"
"""The target does not let us look. That makes figures unverified; it stops nobody."""

MayCall = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Done:
    """A row as it is to be completed, the one that follows from it, and the id-map entries that are not true any more.

    The latter go before the row is completed, unless somebody wrote them meanwhile: then the next run brings those
    records again. Should the target have them after all, it recognises them by their keys. ``marks`` are entries, each
    with itself as it is to be, that tell from then on whether their records were altered at the target: a run that is
    to repair writes those again.
    """

    row: PageRow
    following: PageRow | None = None
    gone: Sequence[IdMapEntry] = ()
    marks: Sequence[tuple[IdMapEntry, IdMapEntry]] = ()


@dataclass(slots=True)
class Prover:
    """Works on rows of the stages ``VERIFY`` and ``COMPARE``. ``references`` are its own: nothing writes meanwhile."""

    jobs: Jobs
    stores: Stores
    attempting: Attempting
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
        due = await self.attempting.due(message)
        until = self.clock.monotonic() + self.pace.worker_seconds
        while due is not None:
            run, row = due
            following = await self.attempting.attempt(run, row, self._done)
            if following is None:
                return
            if self.clock.monotonic() > until:
                await self.attempting.wake(run, following)
                return
            due = await self.attempting.due(ImportMessage.of(following.key, run.epoch))

    async def give_up(self, row: PageRow, reason: str) -> None:
        """What crashes its worker each time proves nothing: its figures are unverified, and the run goes on."""
        await go_without(self.stores.ledger, row, reason, at=self.clock.seconds())

    async def _done(self, attempt: Attempt) -> PageRow | None:
        run = attempt.run
        done = await self._looked(attempt, self.jobs.of(run.plan))
        if done.gone:
            await withdraw(self.stores.idmaps.of(run.plan), self.clock.now())
        if changes := [*((entry, None) for entry in done.gone), *done.marks]:
            await self.references.change(run.plan, changes)
        await attempt.complete(done.row, done.following)
        return done.following

    async def _looked(self, attempt: Attempt, job: Job) -> _Done:
        run, row, may_call = attempt.run, attempt.row, attempt.may_call
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

    async def _deleted(self, run: Run, entity: str) -> frozenset[str]:
        stones = await self.stores.tombstones.of(run.plan, entity)
        return frozenset(one.source_id for one in stones if one.fate is Fate.DELETED)

    async def _slice(self, run: Run, job: Job, row: PageRow, may_call: MayCall) -> _Done:
        entity, cursor = row.key.entity, row.cursor or {}
        records, told = await asyncio.gather(
            records_of(self.jobs, self.stores, row, None), told_of(self.stores, row, writes=run.mode.writes)
        )
        mapping = job.mappings[entity]
        places = {record.id: mapping.parent(record) for record in records}
        known = await self.stores.idmaps.of(run.plan).find(entity, places)
        deleted = await self._deleted(run, entity) if places.keys() - known.keys() else frozenset()
        slice_ = Slice(run, job, entity, records, known, told, deleted)
        refused, unread, rest = None, 0, None
        try:
            if entity == FILES:
                row, rest = await self._files(run, row, slice_, may_call)
            else:
                await self._records(slice_, int(cursor["state"]), may_call)
        except RunStopped as error:
            if error.reason.code != _REFUSED:
                raise
            refused, unread = _REFUSED, len(slice_.expected.keys() - slice_.differing - slice_.missing)
        if slice_.disagrees and await self._overtaken(run):
            unsure = Counts(absent=len(slice_.absent), unread=len(slice_.expected))
            return _Done(await self._written(row, slice_.found.document(), unsure, _OVERTAKEN), rest)
        reason = refused or (_UNREADABLE if slice_.unreadable else None)
        keeping = Keeping(self.stores.archive, blob_of(row.key))
        await keeping.add(slice_.found.findings)
        done = await self._written(row, slice_.found.document(), slice_.counts(unread), reason, keeping)
        return _Done(done, rest, slice_.gone, slice_.marks())

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

    async def _files(self, run: Run, row: PageRow, slice_: Slice, may_call: MayCall) -> tuple[PageRow, PageRow | None]:
        """The row of those files that there was time for, and one of the others, if any."""
        until = self.clock.monotonic() + self.pace.worker_seconds
        await self.guard.capabilities(run, slice_.job)
        listed = await self._listings.of(run.run_id, int((row.cursor or {})["state"]), slice_.entity)
        if listed is None:
            raise RunStopped(_REFUSED, "The target did not list its files")
        count = await prove_files(slice_, listed, may_call, lambda: self.clock.monotonic() > until)
        if count == len(slice_.records):
            return row, None
        slice_.cut(count)
        first, others = parted(row, count)
        return first, replace(others, enqueued_at=self.clock.seconds(), enqueued_by=run.epoch)

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
        overtaken = await self._overtaken(run)
        whole = bool((row.cursor or {})["whole"]) and not overtaken
        keeping = Keeping(self.stores.archive, blob_of(row.key))
        counts, refused = await find_strays(self.stores, run, entity, keeping, whole=whole, within=within)
        if entity != FILES:
            try:
                ours, _ = await job.target.count(entity)
                counts += Counts(counted=ours)
            except RunStopped as error:
                if error.reason.code != _REFUSED:
                    raise
                refused = _REFUSED
        reason = refused or (_OVERTAKEN if overtaken else None)
        return await self._written(row, Found().document(), counts, reason, keeping)

    async def _overtaken(self, run: Run) -> bool:
        """Whether what differs may do so because others wrote meanwhile: a run that writes has the plan to itself."""
        return not run.mode.writes and await writing_beside(self.stores.runs, run) is not None

    async def _written(
        self, row: PageRow, document: JsonObject, counts: Counts, reason: str | None, keeping: Keeping | None = None
    ) -> PageRow:
        """What was found comes first: a row that is done has it."""
        blob = blob_of(row.key) if keeping is None else keeping.told
        if keeping is not None:
            await keeping.close()
            counts += Counts(findings=keeping.count)
        await self.stores.archive.put(blob, orjson.dumps(document))
        return replace(self._ended(row, reason), receipts=blob, counts=counts)

    def _ended(self, row: PageRow, reason: str | None) -> PageRow:
        """Without figures: what it was to look at counts as unread."""
        unread = int((row.cursor or {})["count"]) if row.key.stage is Stage.VERIFY else 0
        counts = Counts(unread=unread)
        return replace(row, state=PageState.DONE, reason=reason, counts=counts, completed_at=self.clock.seconds())
