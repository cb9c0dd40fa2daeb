"""Levels of a tree: within a slice, parents go to the target before their children."""

from shared.model.json import JsonObject
from shared.transform.references import Pending


def levels(drafts: dict[str, JsonObject], parent_field: str, entity: str) -> list[dict[str, JsonObject]]:
    """Cut a slice of a tree into levels: each record comes after its parent, when that is in the slice too."""
    depth: dict[str, int] = {}

    def parent_of(source_id: str) -> str | None:
        reference = drafts[source_id].get(parent_field)
        inside = isinstance(reference, Pending) and reference.entity == entity and reference.source_id in drafts
        return reference.source_id if isinstance(reference, Pending) and inside else None

    for start in drafts:
        path: list[str] = []
        place: str | None = start
        while place is not None and place not in depth and place not in path:
            path.append(place)
            place = parent_of(place)
        base = depth.get(place, -1) if place is not None else -1
        for step, source_id in enumerate(reversed(path), start=1):
            depth[source_id] = base + step
    found: list[dict[str, JsonObject]] = [{} for _ in range(max(depth.values(), default=-1) + 1)]
    for source_id, draft in drafts.items():
        found[depth[source_id]][source_id] = draft
    return found
