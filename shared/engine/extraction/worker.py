"""The extract worker: one message is up to a minute of work on one range of one entity.

For each page: one read of the source, the raw answers and the normalised rows into blobs, then one conditional write
that completes the page, adds the next one and the slices to import. Who comes second discards what it did. The next
read begins while the last page is being stored.
"""

import asyncio
from dataclasses import dataclass, replace

from shared.engine.archive.again import Again
from shared.engine.archive.cursors import fetched, stowed
from shared.engine.archive.extracted import ExtractedRows, RowCache
from shared.engine.archive.rebuilding import RowsLost
from shared.engine.archive.rows import blobs_of, dump_raw, dump_rows, ids_digest
from shared.engine.clock import Clock
from shared.engine.extraction.losses import Losses
from shared.engine.job import Job, Jobs, Pace
from shared.engine.pages.completing import complete, give_up, whole
from shared.engine.pages.parking import note_calls, park
from shared.engine.runs.admission import Admission
from shared.engine.runs.sources import SourceGuard
from shared.engine.runs.stopping import Stopping
from shared.model.errors import Conflict, EntityStopped, RetryLater, RunStopped, SlowDown
from shared.model.ledger import Counts, PageRow, PageState, Stage
from shared.model.messages import EXTRACT_QUEUE, ExtractMessage
from shared.model.records import SourcePage
from shared.model.run import Run
from shared.ports.evidence import merged, recording
from shared.ports.stores import Stores


@dataclass(frozen=True, slots=True)
class _Wait:
    """The page has to wait this many seconds; ``calls`` were made for it in vain."""

    seconds: float
    calls: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Got:
    """A page that was read, and the calls that it took; ``requeued`` letters of another page it was read for."""

    page: SourcePage
    calls: dict[str, int]
    requeued: int = 0


@dataclass(frozen=True, slots=True)
class _Refused:
    """The page stops its entity or the run; ``calls`` were made for it in vain."""

    error: EntityStopped | RunStopped
    calls: dict[str, int]


@dataclass(slots=True)
class Extractor:
    """Works through ranges."""

    jobs: Jobs
    stores: Stores
    admission: Admission
    stopping: Stopping
    clock: Clock
    pace: Pace
    rows: RowCache
    guard: SourceGuard

    async def work(self, message: ExtractMessage) -> None:
        """Handle one message. It is completed whatever happens, except when storage itself is out."""
        run = await self.admission.run(message.run_id, message.epoch)
        if run is None:
            return
        page = await self.stores.ledger.pending_page(message.run_id, message.entity, message.range_no)
        if page is None:
            return
        job = self.jobs.of(run.plan)
        try:
            await self.guard.check(run, job)
            unfinished = await self._read_on(run, job, page)
        except (EntityStopped, RunStopped) as error:
            await self.stopping.absorb(run, message.entity, error)
        else:
            if unfinished:
                await self.stores.queue.send(EXTRACT_QUEUE, [message.dump()])

    async def _read_on(self, run: Run, job: Job, page: PageRow) -> bool:
        """Read pages until the range ends (False) or the time is up (True)."""
        until = self.clock.monotonic() + self.pace.worker_seconds
        reading = asyncio.create_task(self._read(run, job, page))
        try:
            while True:
                got = await reading
                if got is None:
                    return False
                if isinstance(got, _Refused):
                    await self._refused(page, got)
                    return False
                if isinstance(got, _Wait):
                    await park(self.stores.ledger, self.clock, page.key, got.seconds, calls=got.calls)
                    return False
                following = await self._following(run, page, got.page)
                goes_on = following is not None and self.clock.monotonic() < until
                if following is not None and goes_on:
                    reading = asyncio.create_task(self._read(run, job, following))
                try:
                    await self._store(job, page, got, following)
                except Conflict:
                    return False  # another worker completed this page, or the range is of another generation now
                if following is None or not goes_on:
                    return following is not None
                page = following
        finally:
            reading.cancel()

    async def _read(self, run: Run, job: Job, page: PageRow) -> _Got | _Wait | _Refused | None:
        """One page; or why it is not to be had, or how long to wait; or None when the worker may not act any more."""
        if await self.admission.run(run.run_id, run.epoch) is None:
            return None
        extracted = ExtractedRows(run, self.stores, self.rows)
        cursor = await fetched(self.stores.archive, page.cursor)
        if wanted := Again.load(cursor):
            cursor = await fetched(self.stores.archive, wanted.cursor)
        with recording() as calls:
            try:
                got = await job.source.read(page.key.entity, cursor, extracted)
                if wanted:
                    return _Got(wanted.of(got), dict(calls), len(wanted.ids))
                return _Got(got, dict(calls))
            except (SlowDown, RetryLater) as error:
                return _Wait(await self.stopping.absorb(run, page.key.entity, error), dict(calls))
            except (EntityStopped, RunStopped) as error:
                return _Refused(error, dict(calls))

    async def _refused(self, page: PageRow, refused: _Refused) -> None:
        """Without the rows of its parents a range alone is given up; every other error is raised."""
        await note_calls(self.stores.ledger, page.key, refused.calls)
        if not isinstance(refused.error, RowsLost):
            raise refused.error
        page = replace(page, calls=merged(page.calls, refused.calls))
        await give_up(self.stores, page, refused.error.reason.code, refused.error.message, at=self.clock.seconds())

    async def _following(self, run: Run, page: PageRow, got: SourcePage) -> PageRow | None:
        if got.next is None:
            return None
        key = replace(page.key, seq=page.key.seq + 1)
        cursor = await stowed(self.stores.archive, key, got.next)
        return PageRow(key, cursor=cursor, enqueued_at=self.clock.seconds(), enqueued_by=run.epoch)

    async def _store(self, job: Job, page: PageRow, got: _Got, following: PageRow | None) -> None:
        """Blobs and dead letters first: a page that is done has them."""
        records, calls = got.page.records, merged(page.calls, got.calls)
        raw_blob, rows_blob = blobs_of(page.key, records)
        losses = Losses(self.stores, self.rows)
        _, _, page = await asyncio.gather(
            self.stores.archive.put(raw_blob, dump_raw(got.page.raw)),
            self.stores.archive.put(rows_blob, dump_rows(records)),
            losses.note(page, got.page, raw_blob),
        )
        if page.earlier:
            await self.stores.dead_letters.remove(page.key.run_id, page.key.entity, [whole(page)])
        done = replace(
            page,
            state=PageState.DONE,
            blob=rows_blob,
            raw_blob=raw_blob,
            counts=Counts(
                extracted=len(records),
                dead_lettered=len(got.page.lost) - got.requeued,
                source_calls=got.page.calls,
            ),
            calls=calls,
            coverage=dict(got.page.coverage),
            ids_digest=ids_digest(records),
            completed_at=self.clock.seconds(),
        )
        slices = [] if job.plan.entity(page.key.entity).archive_only else self._slices(done)
        try:
            await complete(self.stores.ledger, done, [*slices, *([following] if following else [])])
        except Conflict:
            await losses.withdraw(page, got.page)
            raise

    def _slices(self, done: PageRow) -> list[PageRow]:
        """What has to be imported of a page."""
        total, size = done.counts.extracted, self.pace.slice_rows
        return [
            PageRow(
                replace(done.key, stage=Stage.IMPORT, part=part),
                cursor={"start": start, "count": min(size, total - start)},
                blob=done.blob,
                raw_blob=done.raw_blob,
            )
            for part, start in enumerate(range(0, total, size))
        ]
