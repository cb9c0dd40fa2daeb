"""Everything in the portal, family by family."""

from dataclasses import dataclass

from lab.simulators.bitrix24.lists import Row
from lab.simulators.bitrix24.people.data import People, Size, populate


@dataclass(frozen=True, slots=True)
class World:
    """What the methods answer from."""

    people: People

    @staticmethod
    def create(size: Size) -> "World":
        """The same world for the same size and seed."""
        return World(populate(size))

    def truth(self, entity: str) -> list[Row]:
        """Every record of an entity of the import contract, as the methods would answer it to somebody who sees all.

        Raises KeyError for an entity that does not exist here.
        """
        return self.people.truth(entity)
