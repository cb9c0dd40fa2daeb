"""CRM records that tasks and chats belong to, and how each of them spells that (API facts §4.5, §5.6)."""

from collections.abc import Iterable
from dataclasses import dataclass

_LEAD = 1
_CODES = {1: "L", 2: "D", 3: "C", 4: "CO"}
_NAMES = {1: "LEAD", 2: "DEAL", 3: "CONTACT", 4: "COMPANY"}
_MOST = 200  # records of each type


@dataclass(frozen=True, slots=True)
class Binding:
    """A record by its ``entityTypeId`` and id."""

    type_id: int
    id: int

    @property
    def code(self) -> str:
        """``D_5``, or ``T80_5`` for a smart process: the type in hexadecimal."""
        return f"{_CODES.get(self.type_id, f'T{self.type_id:x}')}_{self.id}"

    @property
    def chat(self) -> str:
        """``DEAL|5``, ``DYNAMIC_128|5``."""
        return f"{_NAMES.get(self.type_id, f'DYNAMIC_{self.type_id}')}|{self.id}"


def bindings(records: Iterable[tuple[int, Iterable[int]]]) -> list[Binding]:
    """Some records of each type, given with all its ids; and leads, which the portal does not show."""
    found = [Binding(kind, number) for kind, ids in records for number, _ in zip(ids, range(_MOST), strict=False)]
    return [*found, *(Binding(_LEAD, number) for number in range(1, len(found) // 10 + 6))]
