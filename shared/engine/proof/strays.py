"""What the target has besides: records that import did not make, and those that the source does not have (any more)."""

from collections.abc import Iterable, Iterator, Sequence

from shared.engine.proof.findings import Finding
from shared.engine.proof.ids import Gathered, Ids
from shared.engine.proof.keeping import Keeping
from shared.engine.proof.listings import current, streamed
from shared.model.idmap import IdMapEntry
from shared.model.json import JsonObject
from shared.model.ledger import Counts, PageRow, Stage
from shared.model.run import Run
from shared.ports.stores import Stores

_FOREIGN = "is at the target, and import did not make it"


async def find_strays(
    stores: Stores, run: Run, entity: str, keeping: Keeping, *, whole: bool, within: bool
) -> tuple[Counts, str | None]:
    """Counts, and the reason why the list was not to be had, or None. What is found goes into ``keeping``.

    ``whole``: the run has read all there is, so that what else is listed is too much, if all of it was looked at.
    ``within``: the entity's records lie by their parents in the id map, where they cannot be looked up by themselves.
    """
    rows = await stores.ledger.scan(run.run_id, entity=entity)
    pages = current(row for row in rows if row.key.stage is Stage.COMPARE)
    refused = next((row.reason for row in pages if row.reason), None)
    proven = [row for row in rows if row.key.stage is Stage.VERIFY]
    whole = whole and all(row.receipts for row in proven)
    sources, targets = await _proven(stores, proven if whole else ())
    counts = Counts(repeated=targets.doubled)
    async for page in streamed(stores, [row.receipts or "" for row in pages if row.receipts]):
        foreign = [Finding("foreign", None, one, _FOREIGN) for one in page["foreign"]]
        counts += Counts(foreign=len(foreign))
        await keeping.add(foreign)
        if not whole:
            continue
        extras = list(_unknown(page, sources, targets))
        known = {} if within else await _entries(stores, run, entity, [one for one, _ in extras if one is not None])
        made_up = {one for one, entry in known.items() if entry.made_up}
        told = [Finding("extra", one, target, _told(one, known)) for one, target in extras if one not in made_up]
        counts += Counts(extra=len(told), placeholders=len(made_up))
        await keeping.add(told)
    return counts, refused


async def _proven(stores: Stores, rows: Sequence[PageRow]) -> tuple[Ids, Ids]:
    """The source ids and target ids of all records that were looked at."""
    sources, targets = Gathered(), Gathered()
    async for told in streamed(stores, [row.receipts or "" for row in rows]):
        sources.add(told["source_ids"])
        targets.add(told["target_ids"])
    return sources.ids(), targets.ids()


def _unknown(page: JsonObject, sources: Ids, targets: Ids) -> Iterator[tuple[str | None, str]]:
    """(source id, target id) of what is listed and not proven; files are listed without source ids."""
    for source_id, target_id in zip(page["source_ids"], page["target_ids"], strict=True):
        if not (target_id in targets if source_id is None else source_id in sources):
            yield source_id, target_id


async def _entries(stores: Stores, run: Run, entity: str, source_ids: Iterable[str]) -> dict[str, IdMapEntry]:
    """Of one page of a list."""
    return await stores.idmaps.of(run.plan).find(entity, dict.fromkeys(source_ids))


def _told(source_id: str | None, known: dict[str, IdMapEntry]) -> str:
    if source_id in known:
        return "was imported by an earlier run, and the source did not show it to this one"
    return "is at the target, and this run's source does not show it"
