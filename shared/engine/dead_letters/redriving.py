"""Redriving: what a person requeued becomes rows of the ledger, which workers then do as any others.

- Records of a slice become a redrive of it: the records alone, transformed anew from what is archived.
- A page, slice or redrive that was given up as a whole is pending again, and goes on from where it stands.
- Records that a page could not give become a range of their own, which reads that page again for them alone.
- What went in without a link to one of these records becomes a redrive as well.

Whatever is in hand already stays as it is, so that doing all of this twice does nothing more.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from shared.engine.archive.again import Again
from shared.engine.archive.redrives import redrive_cursor, redriven
from shared.engine.dead_letters.choosing import Going, Wish, choose
from shared.engine.dead_letters.links import unresolved
from shared.engine.job import Jobs
from shared.engine.letters import letters_of
from shared.model.ledger import EntityRow, PageKey, PageRow, PageState, Stage
from shared.model.plan import Plan
from shared.model.run import Run
from shared.ports.stores import Stores

_READ_AT_ONCE = 100
"""Records that one page is read again for: their cursor stays small."""

_Group = tuple[PageKey, int]
"""Letters of one row with the same number of attempts."""


@dataclass(slots=True)
class _Work:
    """What is to be done in one run. ``at`` names blobs, ``rows`` is the ledger, ``parts`` the last of each page."""

    run: Run
    at: str
    rows: dict[PageKey, PageRow]
    parts: dict[tuple[str, int, int], int] = field(default_factory=lambda: defaultdict(int))
    entities: set[str] = field(default_factory=set)
    read_again: set[str] = field(default_factory=set)
    redrives: list[PageRow] = field(default_factory=list)
    ranges: dict[str, list[Again]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for key in self.rows:
            if key.stage in (Stage.IMPORT, Stage.PATCH, Stage.REDRIVE):
                page = key.entity, key.range_no, key.seq
                self.parts[page] = max(self.parts[page], key.part)

    def next_part(self, key: PageKey) -> int:
        """A number that no slice, redrive or patch of the page of ``key`` has."""
        page = key.entity, key.range_no, key.seq
        self.parts[page] += 1
        return self.parts[page]


@dataclass(frozen=True, slots=True)
class Redriving:
    """Takes up what runs were asked to."""

    jobs: Jobs
    stores: Stores

    async def take_up(self, run: Run) -> Run:
        """Put everything that ``run`` was asked to take up into the ledger; answers the run without these wishes.

        Raises Conflict when a row changed meanwhile: the next tick goes on with what is left.
        """
        plan = self.jobs.plan_of(run.plan)
        for blob in run.requeued:
            rows = {row.key: row for row in await self.stores.ledger.scan(run.run_id)}
            work = _Work(run, blob.removesuffix(".json"), rows)
            wish = Wish.load(await self.stores.archive.get(blob))
            chosen = await choose(letters_of(self.stores.dead_letters, run.run_id), wish)
            await self._plan(work, chosen.all)
            if run.mode.writes:
                await self._links(work, chosen.all)
            await self._open(work, plan)
        return await self.stores.runs.replace(replace(run, requeued=()))

    async def _plan(self, work: _Work, letters: Sequence[Going]) -> None:
        in_hand = await self._in_hand(work.rows.values())
        groups: dict[_Group, list[str]] = defaultdict(list)
        for letter in letters:
            key = PageKey.at(work.run.run_id, letter.entity, letter.page)
            work.entities.add(key.entity)
            if key.stage is Stage.EXTRACT:
                work.read_again.add(key.entity)
            if (key.entity, letter.source_id) not in in_hand:
                groups[key, letter.attempts].append(letter.source_id)
        given_up = {key for key, _ in groups if key in work.rows and work.rows[key].state is PageState.DEAD}
        for key in sorted(given_up):
            await self._pending_again(work, work.rows[key])
        for (key, attempts), ids in sorted(groups.items()):
            row = work.rows.get(key)
            if row is None or row.state is not PageState.DONE:
                continue  # given up as a whole, or pending already
            if key.stage is Stage.EXTRACT:
                chunks = (ids[start : start + _READ_AT_ONCE] for start in range(0, len(ids), _READ_AT_ONCE))
                cursor = _first_cursor(row)
                work.ranges[key.entity] += [Again(cursor, tuple(chunk), attempts) for chunk in chunks]
            else:
                await self._redrive(work, row, ids, attempts)

    async def _pending_again(self, work: _Work, row: PageRow) -> None:
        """As if nobody had tried yet; what was tried is known from ``earlier``."""
        fresh = PageRow(
            row.key,
            cursor=row.cursor,
            blob=row.blob,
            raw_blob=row.raw_blob,
            receipts=row.receipts,
            earlier=row.earlier + row.attempts + 1,
            calls=row.calls,
            etag=row.etag,
        )
        await self.stores.ledger.update(fresh)

    async def _redrive(self, work: _Work, row: PageRow, ids: Sequence[str], attempts: int) -> None:
        part = work.next_part(row.key)
        key = replace(row.key, stage=Stage.REDRIVE, part=part)
        name = f"{work.at}/{key.entity}-{key.range_no}-{key.seq}-{part}.json"
        cursor = await redrive_cursor(self.stores.archive, row, ids, _told(work.rows, row), name)
        work.redrives.append(PageRow(key, cursor=cursor, blob=row.blob, raw_blob=row.raw_blob, earlier=attempts))
        work.entities.add(key.entity)

    async def _links(self, work: _Work, letters: Sequence[Going]) -> None:
        """Redrives of records that are in, though without a link to what goes again now."""
        coming = {f"{one.entity}:{one.source_id}" for one in letters}
        coming |= work.read_again
        for row, ids in await unresolved(self.stores, work.rows, coming):
            await self._redrive(work, row, ids, 0)

    async def _open(self, work: _Work, plan: Plan) -> None:
        """The new rows, then the entities, which go through their stages again in their order."""
        await self.stores.ledger.insert(work.redrives)
        progress = await self.stores.ledger.entities(work.run.run_id)
        followers = _following(plan, work.read_again)
        for name, row in progress.items():
            if name not in work.entities | followers:
                continue
            changed = replace(row, import_open=False, patch_open=False)
            if name in work.entities:
                changed = replace(changed, blocked_by=None, message=None)
            if row.cut is not None and work.ranges.get(name):
                changed = await self._with_ranges(work, changed, work.ranges[name])
            if row.cut is not None and name in followers:
                changed = replace(changed, ranges=None, recut=True)
            await self.stores.ledger.put_entity(changed)

    async def _with_ranges(self, work: _Work, row: EntityRow, again: Sequence[Again]) -> EntityRow:
        """With one more range for each page that is read again; those that are there already stay the only ones."""
        cursors = orjson.loads(await self.stores.archive.get(row.cut or ""))
        further = [cursor for one in again if (cursor := one.dump()) not in cursors]
        if not further:
            return replace(row, ranges=None)
        blob = f"{row.cut}".removesuffix(".json") + f"-{work.at.rpartition('/')[2]}.json"
        await self.stores.archive.put(blob, orjson.dumps([*cursors, *further]))
        return replace(row, cut=blob, ranges=None)

    async def _in_hand(self, rows: Iterable[PageRow]) -> set[tuple[str, str]]:
        """Entity and id of the records that a redrive is for which is not through, its patch included."""
        known = {row.key: row for row in rows}
        found: set[tuple[str, str]] = set()
        for key, row in known.items():
            if key.stage is Stage.REDRIVE and not _through(row, known.get(replace(key, stage=Stage.PATCH))):
                found |= {(key.entity, one) for one in await redriven(self.stores.archive, row)}
        return found


def _through(row: PageRow, patch: PageRow | None) -> bool:
    if row.state is PageState.DONE and row.counts.deferred:
        return patch is not None and patch.state is not PageState.PENDING
    return row.state is not PageState.PENDING


def _told(rows: dict[PageKey, PageRow], row: PageRow) -> list[str]:
    """The receipts that tell of the records of ``row`` so far, its own last."""
    if row.key.stage is Stage.PATCH:
        before = (rows.get(replace(row.key, stage=stage)) for stage in (Stage.IMPORT, Stage.REDRIVE))
        told = [receipts for one in before if one is not None for receipts in _told(rows, one)]
    else:
        told = list((row.cursor or {}).get("before", ()))
    return [*told, row.receipts] if row.receipts else told


def _first_cursor(row: PageRow) -> dict[str, Any]:
    """Where the page begins that a page is of, or that it read again."""
    wanted = Again.load(row.cursor or {})
    return wanted.cursor if wanted else row.cursor or {}


def _following(plan: Plan, parents: Iterable[str]) -> set[str]:
    """Entities that are read along ``parents``, or along others that are."""
    found: set[str] = set()
    known = set(parents)
    while True:
        further = {
            entity.name
            for entity in plan.entities
            if entity.name not in found and known.intersection((*entity.extract_after, *entity.also_after))
        }
        if not further:
            return found
        found |= further
        known |= further
