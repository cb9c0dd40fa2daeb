"""A plan: the graph of entities that one job moves, and how each is read, mapped and written."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.model.json import JsonObject


@dataclass(frozen=True, slots=True)
class Entity:
    """One node of the graph. Names are those of the import contract.

    ``extract_after`` are entities whose ids the extraction follows, so they are read in the same run; ``also_after``
    those that it follows as far as they are in the run and could be read. ``import_after`` must be in before.
    ``tree`` names the canonical field that points to a parent of the same entity: parents go first.
    ``archive_only`` says that it is read and kept, and that nothing of it is written to the target.
    """

    name: str
    extract_after: tuple[str, ...] = ()
    also_after: tuple[str, ...] = ()
    import_after: tuple[str, ...] = ()
    tree: str | None = None
    archive_only: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Entities in import order. ``digest`` changes when anything of the plan does, mappings included.

    ``placeholders``: by entity, the canonical record that stands for one the source has no more; ``{id}`` in a text
    becomes the source id.
    """

    name: str
    title: str
    source: str
    target: str
    entities: tuple[Entity, ...]
    digest: str
    placeholders: JsonObject = field(default_factory=dict)

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

    def unread_parents(self, chosen: Sequence[str]) -> dict[str, list[str]]:
        """For each chosen entity the ones it follows that were not chosen."""
        return _gaps(chosen, {name: self.entity(name).extract_after for name in chosen})

    def missing_requirements(self, chosen: Sequence[str]) -> dict[str, list[str]]:
        """For each chosen entity the ones it refers to that were not chosen."""
        return _gaps(chosen, {name: self.entity(name).import_after for name in chosen})


def _gaps(chosen: Sequence[str], needs: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    gaps = {name: [need for need in wanted if need not in chosen] for name, wanted in needs.items()}
    return {name: gap for name, gap in gaps.items() if gap}
