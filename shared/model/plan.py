"""A plan: the graph of entities that one job moves, and how each is read, mapped and written."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from shared.model.gates import Gates
from shared.model.json import JsonObject


@dataclass(frozen=True, slots=True)
class Delta:
    """How an entity is read when only what changed is asked for.

    ``overlap`` (seconds) is how far before the last run's beginning that starts, ``reread`` (seconds) how much further
    back records are read again because the source does not tell that they changed. ``misses`` says in words what is
    not found this way, but by reading the whole entity.
    """

    overlap: int = 600
    reread: int = 0
    misses: str | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose records take others along when they are deleted; ``by`` is the source field that names it there."""

    entity: str
    by: str


@dataclass(frozen=True, slots=True)
class Entity:
    """One node of the graph. Names are those of the import contract.

    ``extract_after`` are entities whose ids the extraction follows, so they are read in the same run; ``also_after``
    those that it follows as far as they are in the run and could be read. ``described_by`` are read before its import.
    ``requires`` must be in before, from this run or an earlier one; ``import_after`` is an order among those of a run.
    ``tree`` names the canonical field that points to a parent of the same entity: parents go first.
    ``archive_only`` says that it is read and kept, and that nothing of it is written to the target.
    ``ids_follow_content`` says that a changed record gets another target id, where others keep theirs for good.
    ``delta`` None: a delta reads it whole, as a full run does. ``goes_with`` tells with which others its records go.
    """

    name: str
    extract_after: tuple[str, ...] = ()
    also_after: tuple[str, ...] = ()
    described_by: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    import_after: tuple[str, ...] = ()
    tree: str | None = None
    archive_only: bool = False
    ids_follow_content: bool = False
    delta: Delta | None = None
    goes_with: Owner | None = None


@dataclass(frozen=True, slots=True)
class Brake:
    """How many records of an entity may be deleted at a time: a ``share`` of those known, but ``at_least`` so many."""

    share: float = 0.05
    at_least: int = 20

    def holds(self, count: int, known: int) -> bool:
        """Whether ``count`` deletions of ``known`` records are too many to be believed."""
        return count > max(self.at_least, self.share * known)


@dataclass(frozen=True, slots=True)
class Plan:
    """Entities in import order. ``digest`` changes when anything of the plan does, mappings included.

    ``placeholders``: by entity, the canonical record that stands for one the source has no more; ``{id}`` in a text
    becomes the source id. ``gates`` have to be passed for a sign-off. ``brake`` keeps deletions in bounds. ``recipes``:
    by entity that is imported, a digest of its mapping and of the tables that mappings read.
    """

    name: str
    title: str
    source: str
    target: str
    entities: tuple[Entity, ...]
    digest: str
    placeholders: JsonObject = field(default_factory=dict)
    gates: Gates = field(default_factory=Gates)
    brake: Brake = field(default_factory=Brake)
    recipes: Mapping[str, str] = field(default_factory=dict)

    def entity(self, name: str) -> Entity:
        """Raises KeyError when the plan has no such entity."""
        for entity in self.entities:
            if entity.name == name:
                return entity
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Entity names in import order."""
        return tuple(entity.name for entity in self.entities)

    @property
    def volatile(self) -> frozenset[str]:
        """Entities whose records get another target id when they change."""
        return frozenset(entity.name for entity in self.entities if entity.ids_follow_content)

    def with_what_they_follow(self, chosen: Collection[str]) -> tuple[str, ...]:
        """``chosen`` in the plan's order, with the entities that are only archived and that theirs are read along."""
        found: set[str] = set()
        waiting = list(chosen)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                entity = self.entity(name)
                followed = (*entity.extract_after, *entity.described_by)
                waiting += [one for one in followed if self.entity(one).archive_only]
        return tuple(name for name in self.names if name in found)

    def unread_parents(self, chosen: Collection[str]) -> dict[str, list[str]]:
        """For each chosen entity the ones it follows that were not chosen."""
        return _gaps(chosen, {name: self.entity(name).extract_after for name in chosen})

    def missing_requirements(self, chosen: Collection[str]) -> dict[str, list[str]]:
        """For each chosen entity the ones it requires that were not chosen."""
        return _gaps(chosen, {name: self.entity(name).requires for name in chosen})


def _gaps(chosen: Collection[str], needs: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    gaps = {name: [need for need in wanted if need not in chosen] for name, wanted in needs.items()}
    return {name: gap for name, gap in gaps.items() if gap}
