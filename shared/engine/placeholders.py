"""Records that are made up in the target because others name them and the source has them no more: deleted authors.

Their content is data of the plan. They go under the source id of who is gone, so whoever turns up under it after all
replaces them, and two workers that miss the same one make the same record under the same key.
"""

from collections.abc import Iterable

from shared.engine.job import Job
from shared.model.json import JsonObject
from shared.model.records import OutgoingItem
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
