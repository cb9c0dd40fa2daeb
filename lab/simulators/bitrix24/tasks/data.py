"""Tasks with their checklists and the comments of the old card's forum."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.bindings import Binding
from lab.simulators.bitrix24.disk.data import Disk
from lab.simulators.bitrix24.family import Change
from lab.simulators.bitrix24.lists import Row, Table
from lab.simulators.bitrix24.people.circles import Circles
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.tasks.cards import card
from lab.simulators.bitrix24.tasks.comments import ForumComment, forum
from lab.simulators.bitrix24.tasks.making import checklist, task
from lab.simulators.bitrix24.texts import Writer


@dataclass(slots=True)
class Tasks:
    """``bound``: CRM records that tasks belong to; ``last``: the highest id so far; ``bin``: what was
    deleted and can be restored, under its old id and with its old dates.

    ``chats`` (chat id by task id) and ``comments`` (ids by task id) come from the chats, which are made later.
    """

    circles: Circles
    table: Table
    checklists: dict[int, list[Row]]
    forum: dict[int, list[ForumComment]]
    writer: Writer
    bound: Sequence[Binding]
    last: int = 0
    bin: dict[int, Row] = field(default_factory=dict)
    chats: dict[int, int] = field(default_factory=dict)
    comments: Callable[[int], list[str]] = lambda _number: []

    def find(self, number: int) -> Row | None:
        """A task, whoever may see it."""
        return self.table.find(number)

    def readers(self, row: Row) -> frozenset[int]:
        """Who takes part in a task, or is in its group. Administrators read every task besides."""
        return readers(self.circles, row)

    def shown(self, row: Row) -> Row:
        """Everything that ``tasks.task.get`` can tell."""
        return card(row, self.circles, None, custom=True) | {"chatId": self.chats.get(int(row["ID"]))}

    def truth(self, entity: str) -> list[Row]:
        """``task``: what list and get answer, with ``checklist``."""
        if entity != "task":
            raise KeyError(entity)
        return [self.shown(row) | {"checklist": self.checklists.get(int(row["ID"]), [])} for row in self.table.rows]

    def mutate(self, chance: random.Random) -> list[Change]:
        """Somebody makes a task, changes one, deletes one, or takes one out of the recycle bin."""
        if not self.table.rows:
            return []
        kind = chance.random()
        if kind < 0.3:
            return self._add(chance)
        if kind < 0.35 and self.bin:
            return self._restore(chance.choice(sorted(self.bin)))
        row = chance.choice(self.table.rows)
        if kind < 0.45:
            return self._delete(row)
        now = stamps.written(int(self.circles.people.clock()))
        self.table.put(row | self._edited(chance, row) | {"CHANGED_DATE": now, "ACTIVITY_DATE": now})
        return [Change("task", row["ID"], "changed")]

    def _delete(self, row: Row) -> list[Change]:
        number = int(row["ID"])
        gone = [Change("task_comment", one, "deleted") for one in self.comments(number)]
        self.table.remove(number)
        self.bin[number] = row
        return [*gone, Change("task", row["ID"], "deleted")]

    def _restore(self, number: int) -> list[Change]:
        self.table.put(self.bin.pop(number))
        back = [Change("task_comment", one, "added") for one in self.comments(number)]
        return [Change("task", str(number), "added"), *back]

    def _edited(self, chance: random.Random, row: Row) -> Row:
        """What somebody changed in a task: its text, its parent, who takes part, its deadline or a checklist."""
        deed = chance.randrange(6)
        if deed == 0:
            others = [one for one in self.table.ids if one < int(row["ID"])]
            return {"PARENT_ID": str(chance.choice(others)) if others and chance.random() < 0.8 else None}
        if deed == 1:
            people = {name: list(map(str, self.circles.several(chance, 3))) for name in ("ACCOMPLICES", "AUDITORS")}
            return {**people, "RESPONSIBLE_ID": str(self.circles.somebody(chance))}
        if deed == 2:
            return {"DEADLINE": chance.choice([None, stamps.written(chance.randint(stamps.FIRST, stamps.LAST))])}
        items = self.checklists.get(int(row["ID"]))
        if deed == 3 and items:
            other = chance.choice(items) | {"TITLE": self.writer.words(), "IS_COMPLETE": chance.choice("YN")}
            self.checklists[int(row["ID"])] = [other if one["ID"] == other["ID"] else one for one in items]
            return {}
        return {"TITLE": f"{self.writer.title(chance.randint(1, 999))} (2)", "STATUS": chance.choice("23456")}

    def _add(self, chance: random.Random) -> list[Change]:
        self.last += chance.randint(1, 3)
        row = task(chance, self.writer, self.circles, self.bound, self.last, int(self.circles.people.clock()))
        self.table.put(row)
        return [Change("task", row["ID"], "added")]


def readers(circles: Circles, row: Row) -> frozenset[int]:
    """Who takes part in a task, or is in its group."""
    part = [row["CREATED_BY"], row["RESPONSIBLE_ID"], *row["ACCOMPLICES"], *row["AUDITORS"]]
    return frozenset(map(int, part)) | circles.members(int(row["GROUP_ID"]))


def populate(size: Size, circles: Circles, disk: Disk, bound: Sequence[Binding]) -> Tasks:
    """The same tasks for the same size and seed."""
    chance = random.Random(f"tasks{size.seed}")
    writer = Writer(chance, [(number, circles.name(number)) for number in circles.ids])
    numbers, last = [], 0
    for _ in range(size.tasks if circles.ids else 0):
        last += 1 if chance.random() < 0.8 else chance.randint(2, 9)
        numbers.append(last)
    moments = sorted(chance.randint(stamps.FIRST, stamps.LAST) for _ in numbers)
    rows = [task(chance, writer, circles, bound, number, made) for number, made in zip(numbers, moments, strict=True)]
    for place, row in enumerate(rows):
        row["PARENT_ID"] = _parent(chance, place, rows)
        if place % 4 == 1:
            _attach(chance, row, disk, readers(circles, row))
    lists = {int(row["ID"]): checklist(chance, writer, circles, row, disk) for row in rows if chance.random() < 0.5}
    checklists = _numbered(lists)
    return Tasks(circles, Table(rows), checklists, forum(chance, writer, circles, rows, disk), writer, bound, last)


def _parent(chance: random.Random, place: int, rows: list[Row]) -> str | None:
    """Some parents are younger than the child, some are gone or out of sight."""
    if place % 5 != 2:
        return None
    if place % 15 == 2:
        return str(int(rows[-1]["ID"]) + 1000 + place)
    other = rows[min(len(rows) - 1, place + 3) if place % 35 == 7 else chance.randrange(place)]
    return str(other["ID"]) if other is not rows[place] else None


def _attach(chance: random.Random, row: Row, disk: Disk, audience: frozenset[int]) -> None:
    links = []
    for _ in range(chance.randint(1, 3)):
        file = disk.add(int(row["CREATED_BY"]), stamps.read(row["CREATED_DATE"]) or 0, audience)
        links.append(disk.attach(file, "tasks", "tasks_task", int(row["ID"])))
    row["UF_TASK_WEBDAV_FILES"] = [link.id for link in links]
    if chance.random() < 0.5 and row["DESCRIPTION_IN_BBCODE"] == "Y":
        tag = chance.choice([f"[DISK FILE ID=n{links[0].file}]", f"[DISK FILE ID={links[0].id}]"])
        row["DESCRIPTION"] += f"\r\n{tag}"


def _numbered(lists: dict[int, list[Row]]) -> dict[int, list[Row]]:
    """Gives the items of all checklists their ids, in one sequence; a parent is known by its place until then."""
    last = 40
    for items in lists.values():
        ids: list[int] = []
        for item in items:
            last += 2
            ids.append(last)
            item["ID"] = str(last)
            place: Any = item["PARENT_ID"]
            item["PARENT_ID"] = 0 if place is None else str(ids[place])
    return lists
