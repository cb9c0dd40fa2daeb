"""Everything in the portal, family by family."""

import time
from collections.abc import Callable
from dataclasses import dataclass, fields

from lab.simulators.bitrix24.bindings import bindings
from lab.simulators.bitrix24.chats.data import Chats
from lab.simulators.bitrix24.chats.making import populate as open_chats
from lab.simulators.bitrix24.crm.data import Crm
from lab.simulators.bitrix24.disk import data as disk
from lab.simulators.bitrix24.disk.pictures import Pictures
from lab.simulators.bitrix24.family import Family
from lab.simulators.bitrix24.feed import data as feed
from lab.simulators.bitrix24.lists import Row
from lab.simulators.bitrix24.people.circles import Circles
from lab.simulators.bitrix24.people.data import People, Size, populate
from lab.simulators.bitrix24.tasks import data as tasks
from lab.simulators.bitrix24.workflows import data as workflows


@dataclass(frozen=True, slots=True)
class World:
    """What the methods answer from. Every field is a family."""

    people: People
    disk: disk.Disk
    tasks: tasks.Tasks
    feed: feed.Feed
    chats: Chats
    workflows: workflows.Workflows
    crm: Crm
    pictures: Pictures

    @staticmethod
    def create(size: Size, clock: Callable[[], float] = time.time) -> "World":
        """The same world for the same size and seed. ``clock`` says when what changes was changed."""
        people, drive = populate(size, clock), disk.populate(size)
        circles = Circles(people)
        crm = Crm(size, people.users.ids, clock)
        bound = bindings((kind, one.ids) for kind, one in crm.records.items())
        work = tasks.populate(size, circles, drive, bound)
        chats = open_chats(size, work, drive)
        return World(
            people,
            drive,
            work,
            feed.populate(size, circles, drive),
            chats,
            workflows.populate(size, circles),
            crm=crm,
            pictures=Pictures(lambda: [*people.users.rows, *people.groups.rows, *chats.truth("chat")]),
        )

    @property
    def families(self) -> list[Family]:
        """All of them, in the order of the fields."""
        return [getattr(self, one.name) for one in fields(self)]

    def truth(self, entity: str) -> list[Row]:
        """Every record of an entity of the import contract, as the methods would answer it to somebody who sees all.

        Raises KeyError for an entity that does not exist here.
        """
        for family in self.families:
            try:
                return family.truth(entity)
            except KeyError:
                continue
        raise KeyError(entity)
