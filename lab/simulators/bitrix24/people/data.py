"""The portal's people: departments, users and groups, from a seed, and what becomes of them."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lab.simulators.bitrix24.family import Change
from lab.simulators.bitrix24.lists import Row, Table
from lab.simulators.bitrix24.moments import iso
from lab.simulators.bitrix24.people import rows


@dataclass(frozen=True, slots=True)
class Size:
    """How much is in the portal. ``ghost_owners`` groups belong to users that nobody can read.

    ``messages`` are spread over the ``chats``; every task has a chat of its own besides.
    ``smart_items`` are spread over the ``smart_types``.
    """

    users: int = 300
    departments: int = 20
    groups: int = 25
    ghost_owners: int = 0
    seed: int = 7
    tasks: int = 0
    posts: int = 0
    chats: int = 0
    messages: int = 0
    workflows: int = 0
    deals: int = 0
    contacts: int = 0
    companies: int = 0
    smart_types: int = 0
    smart_items: int = 0


class People:
    """Tables as the list methods see them; ``members`` by group id; ``changed``: when, by user id.

    ``clock`` is Unix time at the portal. ``settled`` users stay in their departments and groups."""

    def __init__(
        self,
        departments: list[Row],
        users: list[Row],
        groups: list[Row],
        members: dict[int, list[Row]],
        clock: Callable[[], float],
    ) -> None:
        self.departments, self.users, self.groups = Table(departments), Table(users), Table(groups)
        self.members = members
        self.clock = clock
        self.settled: frozenset[int] = frozenset()
        self.changed = {int(row["ID"]): str(row["DATE_REGISTER"]) for row in users}
        self._last_user = max(self.users.ids, default=0)
        self._last_group = max(self.groups.ids, default=0)

    def truth(self, entity: str) -> list[Row]:
        """Every record of an entity, groups with their members."""
        if entity == "group":
            return [{**row, "members": self.members[int(row["ID"])]} for row in self.groups.rows]
        return {"department": self.departments, "user": self.users}[entity].rows

    def shows(self, group: Row, user: int) -> bool:
        """Whether a user sees a group: it is visible, or he is in it."""
        return group["VISIBLE"] == "Y" or any(one["USER_ID"] == str(user) for one in self.members[int(group["ID"])])

    def mutate(self, chance: random.Random) -> list[Change]:
        """Somebody is hired, renamed, moved, dismissed or taken back, or a group is founded, renamed or dissolved.

        Or somebody joins one or leaves it, which does not move the group's date of change.
        """
        of_people = (self._hire, self._rename, self._rename, self._transfer, self._dismiss, self._return)
        of_groups = (self._found, self._retitle, self._join, self._leave, self._dissolve)
        return chance.choice((*of_people, *of_groups))(chance)

    def _hire(self, chance: random.Random) -> list[Change]:
        self._last_user += chance.choice([1, 1, 3])
        place = len(self.users.rows)
        row = rows.user(chance, place, self._last_user, len(self.departments.rows))
        return self._put_user(row | {"ACTIVE": True}, "added")

    def _rename(self, chance: random.Random) -> list[Change]:
        row = chance.choice(self.users.rows)
        return self._put_user(row | {"LAST_NAME": f"{row['LAST_NAME']}-{chance.randint(2, 99)}"}, "changed")

    def _dismiss(self, chance: random.Random) -> list[Change]:
        row = chance.choice(self.users.rows)
        return self._put_user(row | {"ACTIVE": False}, "changed") if row["ACTIVE"] else []

    def _transfer(self, chance: random.Random) -> list[Change]:
        row = chance.choice(self.users.rows)
        if row["USER_TYPE"] != "employee" or not self.departments.ids or int(row["ID"]) in self.settled:
            return []
        return self._put_user(row | {"UF_DEPARTMENT": [chance.choice(self.departments.ids)]}, "changed")

    def _return(self, chance: random.Random) -> list[Change]:
        row = chance.choice(self.users.rows)
        return [] if row["ACTIVE"] else self._put_user(row | {"ACTIVE": True}, "changed")

    def _put_user(self, row: Row, what: Literal["added", "changed"]) -> list[Change]:
        self.users.put(row)
        self.changed[int(row["ID"])] = iso(self.clock())
        return [Change("user", row["ID"], what)]

    def _found(self, chance: random.Random) -> list[Change]:
        self._last_group += 1
        row = rows.group(chance, self._last_group, self.users.ids, ghost=False)
        now = iso(self.clock())
        self.members[self._last_group] = members = rows.members(chance, row, self.users.ids, ghost=False)
        self.groups.put(row | {"DATE_CREATE": now, "DATE_UPDATE": now, "NUMBER_OF_MEMBERS": str(len(members))})
        return [Change("group", row["ID"], "added")]

    def _retitle(self, chance: random.Random) -> list[Change]:
        if not self.groups.rows:
            return []
        row = chance.choice(self.groups.rows)
        title = f"{row['NAME'].partition(' / ')[0]} / {chance.randint(2, 99)}"
        self.groups.put(row | {"NAME": title, "DATE_UPDATE": iso(self.clock())})
        return [Change("group", row["ID"], "changed")]

    def _join(self, chance: random.Random) -> list[Change]:
        if not self.groups.rows:
            return []
        group, user = chance.choice(self.groups.ids), str(chance.choice(self.users.ids))
        members = self.members[group]
        if int(user) in self.settled or any(one["USER_ID"] == user for one in members):
            return []
        return self._regroup(group, [*members, {"USER_ID": user, "ROLE": "K"}])

    def _leave(self, chance: random.Random) -> list[Change]:
        if not self.groups.rows:
            return []
        group = chance.choice(self.groups.ids)
        others = (one for one in self.members[group] if int(one["USER_ID"]) not in self.settled)
        leaver = next((one for one in others if one["ROLE"] != "A"), None)
        return [] if leaver is None else self._regroup(group, [one for one in self.members[group] if one is not leaver])

    def _regroup(self, number: int, members: list[Row]) -> list[Change]:
        self.members[number] = members
        row = next(one for one in self.groups.rows if one["ID"] == str(number))
        self.groups.put(row | {"NUMBER_OF_MEMBERS": str(len(members))})
        return [Change("group", str(number), "changed")]

    def _dissolve(self, chance: random.Random) -> list[Change]:
        if not self.groups.rows:
            return []
        number = chance.choice(self.groups.ids)
        self.groups.remove(number)
        del self.members[number]
        return [Change("group", str(number), "deleted")]


def populate(size: Size, clock: Callable[[], float] = time.time) -> People:
    """The same people for the same size and seed."""
    chance = random.Random(size.seed)  # test data
    user_ids = _ids(chance, size.users)
    departments = [
        rows.department(chance, number, size.departments, user_ids) for number in range(1, size.departments + 1)
    ]
    users = [rows.user(chance, place, number, size.departments) for place, number in enumerate(user_ids)]
    groups, members = [], {}
    for place, number in enumerate(_ids(chance, size.groups)):
        ghost = place < size.ghost_owners
        groups.append(rows.group(chance, number, user_ids, ghost=ghost))
        members[number] = rows.members(chance, groups[-1], user_ids, ghost=ghost)
        groups[-1]["NUMBER_OF_MEMBERS"] = str(len(members[number]))
    return People(departments, users, groups, members, clock)


def _ids(chance: random.Random, count: int) -> list[int]:
    """Ascending with gaps: bots, robots and deleted ones took the others."""
    ids, last = [], 0
    for _ in range(count):
        last += 1 if chance.random() < 0.85 else chance.randint(2, 6)
        ids.append(last)
    return ids
