"""Loosening: records that refer to what is to be deleted are made again without it, or the target would keep it.

So are those that refer to what a delta has just brought, now with it: it was restored, or is shown at last. And so are
all that a delta did not read, where their mapping has changed since.

The id map tells what a record refers to. Of one that does not tell it is not known, so it is made again as well; it is
not sent unless it changed. What a record is made of lies where it was read last: a row of the ledger of that run
names the place.
"""

import re
from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass, replace

import orjson

from shared.engine.clock import Clock
from shared.engine.job import Job
from shared.engine.proof.listings import documents
from shared.model.idmap import IdMapEntry
from shared.model.json import JsonObject
from shared.model.ledger import MADE_AGAIN, PageKey, PageRow, Stage
from shared.model.run import Run
from shared.model.tombstones import Fate
from shared.ports.stores import Stores

_PARTS = 1000
"""Patches that one row of the search may open."""

_SECONDS = 15.0
_PLACE = re.compile(r"(\d+)/([a-z])-(\d+)-(\d+)")
_STAGES = {stage.letter: stage for stage in Stage}

Link = tuple[str, str]
"""(entity, source id)"""


@dataclass(frozen=True, slots=True)
class Loosener:
    """Opens patches of records that refer to what leaves, or has come."""

    stores: Stores
    clock: Clock

    async def loosen(self, run: Run, job: Job, row: PageRow) -> str | None:
        """Open patches for the entries behind the place in ``row``; answers where the next search begins, if any."""
        entity, leaving = row.key.entity, await self._leaving(run)
        come = await self._come(run) if entity in run.reads_since else frozenset()
        of_come = job.mappings[entity].references.intersection(name for name, _ in come)
        after, until = str((row.cursor or {})["after"]), self.clock.monotonic() + _SECONDS
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        every = entity in run.remade and bool((row.cursor or {}).get("all", True))
        place: str | None = after if leaving or come or every else None
        while place is not None and self.clock.monotonic() < until and len(found) < _PARTS - 1:
            page = await self.stores.idmaps.of(run.plan).scan(entity, place)
            for entry in page.entries:
                late = every or _refers(entry, come, unknown=bool(of_come))
                if (late and entry.run_id != run.run_id and not entry.made_up) or _refers(
                    entry, leaving, unknown=bool(leaving)
                ):
                    found[entry.run_id, entry.page].append(entry.source_id)
            place = page.next
        patches = []
        for number, ((run_id, name), ids) in enumerate(sorted(found.items())):
            place_of = _key(run_id, entity, name)
            made_of = await self.stores.ledger.get(place_of) if place_of is not None else None
            if made_of is not None and made_of.blob is not None:
                key = PageKey(run.run_id, entity, MADE_AGAIN, Stage.PATCH, row.key.seq * 2 * _PARTS + number)
                patches.append(await self._patch(key, made_of, ids))
        await self.stores.ledger.insert(patches)
        return place

    async def _leaving(self, run: Run) -> frozenset[Link]:
        """All that the run is about to delete."""
        found: set[Link] = set()
        for entity in run.entities:
            stones = await self.stores.tombstones.of(run.plan, entity)
            leaving = (one for one in stones if one.fate is Fate.LEAVING and one.seen_by == run.run_id)
            found.update((entity, one.source_id) for one in leaving)
        return frozenset(found)

    async def _come(self, run: Run) -> frozenset[Link]:
        """All that the run has created at the target."""
        rows = await self.stores.ledger.scan(run.run_id)
        made = [(row.key.entity, row.receipts) for row in rows if row.counts.created and row.receipts]
        told = await documents(self.stores, [blob for _, blob in made])
        return frozenset((entity, one) for (entity, _), told in zip(made, told, strict=True) for one in told["created"])

    async def _patch(self, key: PageKey, made_of: PageRow, ids: list[str]) -> PageRow:
        """A patch of some records of another row, which no receipts told of yet."""
        receipts = f"receipts/{key.run_id}/{key.entity}/loosened-{key.seq:07d}.json"
        told: JsonObject = {name: [] for name in ("created", "updated", "skipped", "duplicate")}
        await self.stores.archive.put(receipts, orjson.dumps({**told, "failed": {}, "deferred": ids}))
        lines = {name: (made_of.cursor or {})[name] for name in ("start", "count")}
        return replace(PageRow(key, cursor=lines), blob=made_of.blob, raw_blob=made_of.raw_blob, receipts=receipts)


def _refers(entry: IdMapEntry, others: Container[Link], *, unknown: bool) -> bool:
    """``unknown``: what is said of a record of which it is not known what it refers to."""
    if entry.made_up:
        return False
    if entry.origin is None:
        return unknown
    links = {link.lstrip("~") for link in entry.origin.links}
    return any(_named(link) in others for link in links)


def _named(link: str) -> Link:
    """``chat_message@15:77`` lies within a parent."""
    place, _, source_id = link.partition(":")
    return place.partition("@")[0], source_id


def _key(run_id: str, entity: str, page: str) -> PageKey | None:
    """The row of the ledger that an id-map entry names: ``3/i-0000001-000``."""
    place = _PLACE.fullmatch(page)
    if place is None or place[2] not in _STAGES:
        return None
    return PageKey(run_id, entity, int(place[1]), _STAGES[place[2]], int(place[3]), int(place[4]))
