"""Workflow templates, and the workflows that run."""

import random
from dataclasses import dataclass

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.family import Change
from lab.simulators.bitrix24.lists import Row, Table
from lab.simulators.bitrix24.people.circles import Circles
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.workflows.templates import template

_RUNNING = 2  # for every template


@dataclass(slots=True)
class Workflows:
    """``templates`` by number; ``instances`` have texts for ids; ``last``: the highest number of a template so far."""

    circles: Circles
    templates: Table
    instances: list[Row]
    last: int

    def truth(self, entity: str) -> list[Row]:
        """``workflow_template``: every field."""
        if entity != "workflow_template":
            raise KeyError(entity)
        return self.templates.rows

    def mutate(self, chance: random.Random) -> list[Change]:
        """Somebody draws a template, renames one or deletes one."""
        if not self.templates.rows:
            return []
        kind, now = chance.random(), int(self.circles.people.clock())
        if kind < 0.3:
            self.last += chance.randint(1, 3)
            self.templates.put(template(chance, self.circles, self.last, now))
            return [Change("workflow_template", str(self.last), "added")]
        row = chance.choice(self.templates.rows)
        if kind < 0.4:
            self.templates.remove(int(row["ID"]))
            return [Change("workflow_template", row["ID"], "deleted")]
        name = f"{row['NAME'].partition(' / ')[0]} / {chance.randint(2, 99)}"
        self.templates.put(row | {"NAME": name, "MODIFIED": stamps.written(now), "IS_MODIFIED": "Y"})
        return [Change("workflow_template", row["ID"], "changed")]


def populate(size: Size, circles: Circles) -> Workflows:
    """The same workflows for the same size and seed."""
    chance = random.Random(f"workflows{size.seed}")
    rows, last = [], 0
    for _ in range(size.workflows if circles.ids else 0):
        last += chance.choice([1, 1, 4])
        rows.append(template(chance, circles, last, chance.randint(stamps.FIRST, stamps.LAST)))
    instances = [_instance(chance, circles, row) for row in rows for _ in range(_RUNNING)]
    return Workflows(circles, Table(rows), instances, last)


def _instance(chance: random.Random, circles: Circles, row: Row) -> Row:
    started = chance.randint(stamps.FIRST, stamps.LAST)
    document = "".join((row["DOCUMENT_TYPE"].partition("_")[0], "_", str(chance.randint(1, 999))))
    return {
        "ID": f"{started:x}{chance.randint(0, 0xFFFFF):05x}{chance.randint(0, 9)}.{chance.randint(10**7, 10**8 - 1)}",
        "MODIFIED": stamps.written(started + chance.randint(0, 90_000)),
        "OWNED_UNTIL": None if chance.random() < 0.9 else stamps.written(started + 60),
        "MODULE_ID": row["MODULE_ID"],
        "ENTITY": row["ENTITY"],
        "DOCUMENT_ID": document,
        "STARTED": stamps.written(started),
        "STARTED_BY": chance.choice(["0", str(circles.somebody(chance))]),
        "TEMPLATE_ID": row["ID"],
    }
