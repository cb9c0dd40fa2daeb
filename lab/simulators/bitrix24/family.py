"""What the world asks of a family of records: show them all, and change some of them while it runs."""

import random
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from lab.simulators.bitrix24.lists import Row


@dataclass(frozen=True, slots=True)
class Change:
    """One record of an entity (its name in the import contract) that a colleague just added, changed or deleted."""

    entity: str
    id: str
    what: Literal["added", "changed", "deleted"]


class Family(Protocol):
    """A field of ``World``: the records of some entities."""

    def truth(self, entity: str) -> list[Row]:
        """Every record as somebody would see it who sees all. Raises KeyError for an entity of another family."""


@runtime_checkable
class Mutable(Protocol):
    """A family whose records change while the portal runs (``--mutate``)."""

    def mutate(self, chance: random.Random) -> list[Change]:
        """Do one thing that a colleague might do, and say what changed. No change is an answer too."""
