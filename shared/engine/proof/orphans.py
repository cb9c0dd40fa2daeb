"""Links that lead to nothing: target ids in records that were read back and that the target does not list."""

from collections.abc import Iterable

from shared.engine.job import Job
from shared.engine.proof.findings import Finding
from shared.engine.proof.listings import Listed, Listings
from shared.engine.proof.slices import Slice
from shared.model.json import JsonObject
from shared.model.records import Link


async def find_orphans(slice_: Slice, items: dict[str, JsonObject], listings: Listings, state: int) -> None:
    """Look at every link of every record, as far as the run has listed the entities that it may lead to."""
    links = [(source_id, link) for source_id, item in items.items() for link in _links(slice_.job, slice_.entity, item)]
    entities = {name for _, link in links for name in link.entities}
    run_id = slice_.run.run_id
    known = {name: await listings.of(run_id, state, name) for name in entities & set(slice_.run.entities)}
    for source_id, link in links:
        lists = [known.get(name) for name in link.entities]
        if not all(lists) or _is_there(link, lists):
            continue
        slice_.orphaned += 1
        message = f"{link.field} leads to {' or '.join(link.entities)} {link.target_id}, which the target does not have"
        target_id = str(items[source_id]["target_id"])
        slice_.found.findings.append(Finding("orphan", source_id, target_id, message, link.field, found=link.target_id))


def _links(job: Job, entity: str, item: JsonObject) -> Iterable[Link]:
    return job.links(entity, item["data"])


def _is_there(link: Link, lists: Iterable[Listed | None]) -> bool:
    return any(one is not None and link.target_id in one.targets for one in lists)
