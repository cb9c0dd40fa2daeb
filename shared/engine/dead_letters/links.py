"""Records that are in without a link, because what it leads to was not there: they go again when it comes."""

from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import orjson

from shared.engine.archive.redrives import redriven
from shared.model.ledger import PageKey, PageRow, PageState, Stage
from shared.ports.stores import Stores


async def unresolved(
    stores: Stores, rows: Mapping[PageKey, PageRow], coming: AbstractSet[str]
) -> list[tuple[PageRow, list[str]]]:
    """Ids of records that lack a link to what is ``coming``, each with the patch that could not make it.

    ``coming`` are ``entity:source id``, or an entity alone of which nobody knows what comes. What a later redrive took
    up does not count any more.
    """
    pages: dict[tuple[str, int, int], list[PageRow]] = defaultdict(list)
    for key, row in rows.items():
        if key.stage in (Stage.PATCH, Stage.REDRIVE):
            pages[key.entity, key.range_no, key.seq].append(row)
    found = []
    for tried in pages.values():
        if not any(row.counts.unresolved > 0 for row in tried):
            continue
        lacking: dict[str, PageRow] = {}
        for row in sorted(tried, key=lambda row: (row.key.part, row.key.stage is Stage.PATCH)):
            if row.key.stage is Stage.REDRIVE:
                for one in await redriven(stores.archive, row):
                    lacking.pop(one, None)
            elif row.state is PageState.DONE and row.counts.unresolved and row.receipts:
                told = orjson.loads(await stores.archive.get(row.receipts))["unresolved"]
                lacking |= {one: row for one, links in told.items() if not coming.isdisjoint(_named(links))}
        by_patch: dict[PageKey, list[str]] = defaultdict(list)
        for one, row in lacking.items():
            by_patch[row.key].append(one)
        found += [(rows[key], ids) for key, ids in by_patch.items()]
    return found


def _named(links: list[str]) -> set[str]:
    return {*links, *(one.partition(":")[0] for one in links)}
