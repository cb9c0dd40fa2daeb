"""Records that are made up in the target because others name them and the source has them no more: deleted authors.

Their content is data of the plan. They go under the source id of who is gone, so whoever turns up under it after all
replaces them, and two workers that miss the same one make the same record under the same key.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from shared.engine.job import Job
from shared.model.idmap import MADE_UP, IdMapEntry
from shared.model.json import JsonObject
from shared.model.records import OutgoingItem, Receipt
from shared.ports.stores import IdMap
from shared.transform.canonical import checksum
from shared.transform.references import Lookup, Pending


def made_up(references: Iterable[Pending], lookup: Lookup) -> dict[str, list[str]]:
    """By entity: the ids, each once and in order, that need a placeholder."""
    missing: dict[str, set[str]] = {}
    for one in references:
        if one.placeholder and lookup(one.entity, one.source_id) is None:
            missing.setdefault(one.entity, set()).add(one.source_id)
    return {entity: sorted(ids) for entity, ids in missing.items()}


def placeholder(job: Job, entity: str, source_id: str) -> OutgoingItem:
    """The record that stands for one that is gone. Raises KeyError when the plan has none for ``entity``."""
    template = job.plan.placeholders[entity]
    data: JsonObject = {
        name: value.format(id=source_id) if isinstance(value, str) else value for name, value in template.items()
    }
    digest = checksum(data)
    return OutgoingItem(source_id, job.target.key(entity, source_id, digest), digest, data)


async def there(idmap: IdMap, ids: Mapping[str, Sequence[str]]) -> list[IdMapEntry]:
    """What the id map has of ``ids``, which are by entity."""
    found = [await idmap.find(entity, dict.fromkeys(some)) for entity, some in ids.items()]
    return [entry for entries in found for entry in entries.values()]


def page_of(place: str) -> str:
    """What the id map notes of placeholders that the slice at ``place`` made up: each attempt knows its own again."""
    return f"{MADE_UP} {place}"


def entries_of(
    entity: str, items: Sequence[OutgoingItem], receipts: Sequence[Receipt], run_id: str, place: str, now: datetime
) -> list[IdMapEntry]:
    """The id-map entries of placeholders that the target has taken for the slice at ``place``, or has from before."""
    checksums = {item.source_id: item.checksum for item in items}
    return [
        IdMapEntry(
            entity=entity,
            source_id=receipt.source_id,
            target_id=receipt.target_id,
            checksum=checksums[receipt.source_id],
            imported_at=now,
            run_id=receipt.run_id or run_id,
            action=receipt.action or "created",
            page=page_of(place),
        )
        for receipt in receipts
        if receipt.target_id is not None and receipt.outcome != "failed"
    ]
