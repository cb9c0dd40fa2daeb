"""Colleagues at work: records are added, changed and deleted while somebody reads the portal."""

import asyncio
import random
import time
from dataclasses import asdict
from typing import Any

from lab.simulators.bitrix24.family import Mutable
from lab.simulators.bitrix24.world import World

_TICK, _IDLE = 0.01, 0.2  # seconds


class Mutation:
    """Changes the world ``rate`` times a second and keeps a journal of it. Rate 0: nothing changes."""

    def __init__(self, world: World, rate: float, seed: int) -> None:
        self.rate = rate
        self.journal: list[dict[str, Any]] = []
        self._clock = world.people.clock
        self._families = [family for family in world.families if isinstance(family, Mutable)]
        self._chance = random.Random(seed)  # repeatable, as far as anything on a clock is

    async def run(self) -> None:
        """Until cancelled."""
        due, last = 0.0, time.monotonic()
        while True:
            await asyncio.sleep(_TICK if self.rate else _IDLE)
            now = time.monotonic()
            due += (now - last) * self.rate
            last = now
            while due >= 1:
                due -= 1
                self.once()

    def work(self, deeds: int) -> list[dict[str, Any]]:
        """So many things at once; what they changed, as the journal has it."""
        known = len(self.journal)
        for _ in range(deeds):
            self.once()
        return self.journal[known:]

    def once(self) -> None:
        """One thing that one colleague does. Families in which nothing can be done are passed over."""
        for family in self._chance.sample(self._families, len(self._families)):
            if changes := family.mutate(self._chance):
                self.journal += [{**asdict(change), "at": self._clock()} for change in changes]
                return
