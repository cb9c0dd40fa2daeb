"""What the target lists, as a run has written it down: pages in blobs, and sets of target ids made of them."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field

import orjson

from shared.engine.proof.ids import Gathered, Ids
from shared.model.json import JsonObject
from shared.model.ledger import PageRow, PageState, Stage
from shared.model.records import Listing
from shared.ports.stores import Stores

_KEPT = 32
"""Entities whose target ids stay in memory: those of one plan."""

_PARALLEL = 8


@dataclass(frozen=True, slots=True)
class Listed:
    """All target ids of an entity; of files also ``versions``, as ``version_of`` writes them."""

    targets: Ids
    versions: Ids


def version_of(target_id: str, checksum: str) -> str:
    """One content of one file."""
    return f"{target_id} {checksum}"


def page_document(page: Listing) -> JsonObject:
    """A page of a listing as it is kept. Records of import and foreign ones apart, files with their checksums."""
    ours = [one for one in page.items if not one.foreign]
    return {
        "source_ids": [one.source_id for one in ours],
        "target_ids": [one.target_id for one in ours],
        "versions": [version_of(one.target_id, one.checksum) for one in ours if one.source_id is None],
        "foreign": [one.target_id for one in page.items if one.foreign],
    }


async def documents(stores: Stores, blobs: Sequence[str]) -> list[JsonObject]:
    """The contents of JSON blobs, a few read at a time."""
    limit = asyncio.Semaphore(_PARALLEL)

    async def one(blob: str) -> JsonObject:
        async with limit:
            document: JsonObject = orjson.loads(await stores.archive.get(blob))
            return document

    return list(await asyncio.gather(*map(one, blobs)))


async def streamed(stores: Stores, blobs: Sequence[str]) -> AsyncIterator[JsonObject]:
    """The same one after the other, with no more than a few in memory."""
    for start in range(0, len(blobs), _PARALLEL):
        for document in await documents(stores, blobs[start : start + _PARALLEL]):
            yield document


@dataclass(slots=True)
class Listings:
    """For all workers of a process: each entity's pages are read once."""

    stores: Stores
    _kept: OrderedDict[tuple[str, int, str], Listed | None] = field(default_factory=OrderedDict)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, run_id: str, state: int, entity: str) -> Listed | None:
        """What the target lists of an entity; None when that is not known: not asked for in the run, or refused.

        ``state`` tells listings of one run apart, which is proven anew when work was added to it.
        """
        place = (run_id, state, entity)
        async with self._reading:
            if place not in self._kept:
                pages = await self.stores.ledger.scan(run_id, entity=entity, stage=Stage.COMPARE)
                self._kept[place] = await self._read(current(pages))
            self._kept.move_to_end(place)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[place]

    async def _read(self, pages: Sequence[PageRow]) -> Listed | None:
        if not pages or any(row.state is not PageState.DONE or row.reason for row in pages):
            return None
        targets, versions = Gathered(), Gathered()
        async for one in streamed(self.stores, [row.receipts or "" for row in pages]):
            targets.add(one["target_ids"])
            targets.add(one["foreign"])
            versions.add(one["versions"])
        return Listed(targets.ids(), versions.ids())


def current(rows: Iterable[PageRow]) -> list[PageRow]:
    """The pages of the latest listing among the ``COMPARE`` rows of an entity."""
    pages = [row for row in rows if row.key.part == 0]
    latest = max((row.key.range_no for row in pages), default=0)
    return [row for row in pages if row.key.range_no == latest]
