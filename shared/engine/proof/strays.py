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
from shared.transform.files import FILES

_FOREIGN = "is at the target, and import did not make it"

_LEFT = "was imported, and nothing at the source shows it any more; files cannot be deleted by import"


async def find_strays(
    stores: Stores, run: Run, entity: str, keeping: Keeping, *, whole: bool, within: bool
) -> tuple[Counts, str | None]:
    """Counts, and the reason why the list was not to be had, or None. What is found goes into ``keeping``.

    ``whole``: the run has read all there is, so that what else is listed is too much, if all of it was looked at.
    Files that import brought and nothing shows any more are told, and are ``kept``: they cannot be deleted.
    ``within``: the entity's records lie by their parents in the id map, where they cannot be looked up by themselves.
    """
    rows = await stores.ledger.scan(run.run_id, entity=entity)
    pages = current(row for row in rows if row.key.stage is Stage.COMPARE)
    refused = next((row.reason for row in pages if row.reason), None)
    proven = _of_now(row for row in rows if row.key.stage is Stage.VERIFY)
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
        left = await _imported(stores, run, {target for _, target in extras}) if entity == FILES and extras else set()
        told = [
            Finding("extra", one, target, _LEFT if target in left else _told(one, known))
            for one, target in extras
            if one not in made_up
        ]
        counts += Counts(extra=len(told) - len(left), placeholders=len(made_up), kept=len(left))
        await keeping.add(told)
    return counts, refused


def _of_now(rows: Iterable[PageRow]) -> list[PageRow]:
    """Those that tell of the work that is done now: slices that are proven again may be parted anew."""
    every = [(int((row.cursor or {})["of"]), row) for row in rows]
    now = max((of for of, _ in every), default=0)
    return [row for of, row in every if of == now]


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


async def _imported(stores: Stores, run: Run, target_ids: set[str]) -> set[str]:
    """Those of these files that import brought: whatever showed them is deleted, and they stay (contract §3)."""
    found: set[str] = set()
    place: str | None = ""
    while place is not None and found != target_ids:
        page = await stores.idmaps.of(run.plan).scan(FILES, place)
        found |= target_ids.intersection(entry.target_id for entry in page.entries)
        place = page.next
    return found


def _told(source_id: str | None, known: dict[str, IdMapEntry]) -> str:
    if source_id in known:
        return "was imported by an earlier run, and the source did not show it to this one"
    return "is at the target, and this run's source does not show it"
