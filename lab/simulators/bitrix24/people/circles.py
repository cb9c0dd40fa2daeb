"""Who belongs to what: rights codes of a user, names, and people who are gone."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lab.simulators.bitrix24.people.data import People

_GHOSTS = 500  # ids that far above the last user are of people whom nobody can read any more


@dataclass(frozen=True, slots=True)
class Circles:
    """Looks things up in the people of the portal."""

    people: People

    @property
    def ids(self) -> list[int]:
        """Users, ascending."""
        return self.people.users.ids

    def somebody(self, chance: random.Random, gone: float = 0.0) -> int:
        """A user; with the share ``gone`` one who was deleted. 0 when the portal is empty."""
        if not self.ids:
            return 0
        return self.ids[-1] + _GHOSTS + chance.randint(1, 9) if chance.random() < gone else chance.choice(self.ids)

    def several(self, chance: random.Random, most: int) -> list[int]:
        """From none to ``most`` different users."""
        return chance.sample(self.ids, min(len(self.ids), chance.randint(0, most)))

    def name(self, user: int) -> str:
        """First and last name; empty for somebody deleted."""
        row = self.row(user)
        return f"{row['NAME']} {row['LAST_NAME']}".strip() if row else ""

    def members(self, group: int) -> frozenset[int]:
        """Users of a workgroup."""
        return frozenset(int(row["USER_ID"]) for row in self.people.members.get(group, []))

    def rights(self, user: int) -> frozenset[str]:
        """``U5``, ``SG3`` of his groups, ``DR1`` of his departments and those above, ``UA`` for employees."""
        return frozenset(self._codes(user))

    def row(self, user: int) -> dict[str, Any] | None:
        """What ``user.get`` knows."""
        return self.people.users.find(user)

    def _codes(self, user: int) -> Iterator[str]:
        yield f"U{user}"
        yield from (f"SG{group}" for group in self.people.members if user in self.members(group))
        row = self.row(user)
        if row is not None and row["USER_TYPE"] == "employee":
            yield "UA"
        parents = {int(one["ID"]): int(one.get("PARENT") or 0) for one in self.people.departments.rows}
        for number in (row or {}).get("UF_DEPARTMENT") or []:
            seen: set[int] = set()
            while number and number not in seen:
                seen.add(number)
                yield f"DR{number}"
                number = parents.get(number, 0)  # noqa: PLW2901 - climbs the tree
