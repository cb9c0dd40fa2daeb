"""What a run wrote, entity by entity, as its ledger tells: what there is to undo."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from shared.engine.runs.progress import EntityProgress
from shared.model.ledger import PageState
from shared.model.plan import Plan


@dataclass(frozen=True, slots=True)
class Written:
    """Records of one entity that a run created, updated or deleted at the target.

    ``placeholders`` were made up for others that refer to them. ``open_slices`` are those that nobody completed: what
    went in of them is not counted.
    """

    entity: str
    created: int = 0
    updated: int = 0
    deleted: int = 0
    placeholders: int = 0
    open_slices: int = 0

    @property
    def records(self) -> int:
        """How many records there are to undo, as far as they were counted."""
        return self.created + self.updated + self.deleted + self.placeholders

    @property
    def anything(self) -> bool:
        """Whether something may have been written."""
        return bool(self.records or self.open_slices)


def written(plan: Plan, progress: Collection[EntityProgress]) -> dict[str, Written]:
    """What a run wrote, in import order; entities of which it wrote nothing are left out.

    Records that were made up are told with the entities of which the plan makes any, whoever asked for them.
    """
    found = {entity.name: _of(entity) for entity in progress}
    made = sum(entity.counts.placeholders for entity in progress)
    unsure = sum(one.open_slices for one in found.values())
    for name in plan.placeholders:
        known = found.get(name, Written(name, open_slices=unsure))
        found[name] = replace(known, placeholders=made)
    return {name: found[name] for name in plan.names if name in found and found[name].anything}


def go_along(plan: Plan, links: Mapping[str, Collection[str]], chosen: Collection[str]) -> tuple[str, ...]:
    """Entities that refer to ``chosen`` ones, directly or not: what the run created there may go with them.

    ``links`` names by entity those that its records may refer to.
    """
    found: set[str] = set()
    waiting = list(chosen)
    while waiting:
        name = waiting.pop()
        for other, referred in links.items():
            if name in referred and other not in found and other not in chosen:
                found.add(other)
                waiting.append(other)
    return tuple(name for name in plan.names if name in found)


def _of(entity: EntityProgress) -> Written:
    counts = entity.counts + entity.again
    begun = entity.row.import_open
    pending = sum(row.state is not PageState.DONE for row in (*entity.slices, *entity.patches)) if begun else 0
    return Written(entity.name, counts.created, counts.updated, entity.no_longer.deleted, open_slices=pending)
