"""What the target has besides: records that import did not make, and those that the source does not have (any more)."""

from collections.abc import Iterable, Iterator

from shared.engine.proof.findings import Finding
from shared.engine.proof.ids import Ids
from shared.engine.proof.listings import current, documents
from shared.engine.proof.reporting import Found
from shared.model.idmap import IdMapEntry
from shared.model.json import JsonObject
from shared.model.ledger import Counts, Stage
from shared.model.run import Run
from shared.ports.stores import Stores

_ASKED_AT_ONCE = 1000


async def find_strays(
    stores: Stores, run: Run, entity: str, *, whole: bool, within: bool
) -> tuple[Counts, Found, str | None]:
    """Counts, findings, and the reason why the list was not to be had, or None.

    ``whole``: the run has read all there is, so that what else is listed is too much, if all of it was looked at.
    ``within``: the entity's records lie by their parents in the id map, where they cannot be looked up by themselves.
    """
    rows = await stores.ledger.scan(run.run_id, entity=entity)
    pages = current(row for row in rows if row.key.stage is Stage.COMPARE)
    refused = next((row.reason for row in pages if row.reason), None)
    listed = await documents(stores, [row.receipts or "" for row in pages if row.receipts])
    found = Found()
    foreign = [target_id for page in listed for target_id in page["foreign"]]
    found.findings += [Finding("foreign", None, one, "is at the target, and import did not make it") for one in foreign]
    proven = [row for row in rows if row.key.stage is Stage.VERIFY]
    if not whole or not all(row.receipts for row in proven):
        return Counts(foreign=len(foreign)), found, refused
    told = await documents(stores, [row.receipts or "" for row in proven])
    sources, targets = (Ids.of(page[name] for page in told) for name in ("source_ids", "target_ids"))
    extras = list(_unknown(listed, sources, targets))
    known = {} if within else await _entries(stores, run, entity, [one for one, _ in extras if one is not None])
    made_up = {one for one, entry in known.items() if entry.made_up}
    extras = [(source_id, target_id) for source_id, target_id in extras if source_id not in made_up]
    found.findings += [Finding("extra", one, target_id, _told(one, known)) for one, target_id in extras]
    counts = Counts(foreign=len(foreign), extra=len(extras), placeholders=len(made_up), repeated=targets.doubled)
    return counts, found, refused


def _unknown(listed: Iterable[JsonObject], sources: Ids, targets: Ids) -> Iterator[tuple[str | None, str]]:
    """(source id, target id) of what is listed and not proven; files are listed without source ids."""
    for page in listed:
        for source_id, target_id in zip(page["source_ids"], page["target_ids"], strict=True):
            if not (target_id in targets if source_id is None else source_id in sources):
                yield source_id, target_id


async def _entries(stores: Stores, run: Run, entity: str, source_ids: list[str]) -> dict[str, IdMapEntry]:
    idmap = stores.idmaps.of(run.plan)
    found: dict[str, IdMapEntry] = {}
    for start in range(0, len(source_ids), _ASKED_AT_ONCE):
        found |= await idmap.find(entity, dict.fromkeys(source_ids[start : start + _ASKED_AT_ONCE]))
    return found


def _told(source_id: str | None, known: dict[str, IdMapEntry]) -> str:
    if source_id in known:
        return "was imported by an earlier run, and the source did not show it to this one"
    return "is at the target, and this run's source does not show it"
