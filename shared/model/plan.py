"""A plan: the graph of entities that one job moves, and how each is read, mapped and written."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entity:
    """One node of the graph. Names are those of the import contract.

    ``extract_after`` are entities whose ids the extraction follows; ``import_after`` those that must be in before.
    ``tree`` names the canonical field that points to a parent of the same entity: parents go first.
    ``archive_only`` says that it is read and kept, and that nothing of it is written to the target.
    """

    name: str
    extract_after: tuple[str, ...] = ()
    import_after: tuple[str, ...] = ()
    tree: str | None = None
    archive_only: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Entities in import order. ``digest`` changes when anything of the plan does, mappings included."""

    name: str
    title: str
    source: str
    target: str
    entities: tuple[Entity, ...]
    digest: str

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

    def missing_requirements(self, chosen: Sequence[str]) -> dict[str, list[str]]:
        """For each chosen entity the ones it needs that were not chosen."""
        wanted = set(chosen)
        gaps = {n: [r for r in self._needs(n) if r not in wanted] for n in chosen}
        return {name: gap for name, gap in gaps.items() if gap}

    def _needs(self, name: str) -> tuple[str, ...]:
        entity = self.entity(name)
        return tuple(dict.fromkeys((*entity.extract_after, *entity.import_after)))
