"""Whatever people do between two deltas: after each of them the target is as a first run into an empty one makes it."""

import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.engine.job import Pace
from shared.engine.runs.request import RunRequest
from shared.model.run import Run, RunMode, RunOptions, RunState
from shared.storage.memory.opening import open_memory_stores
from tests.contract.simulated_portal import SimulatedPortal, simulated_portal
from tests.unit.engine.conftest import ManualClock
from tests.unit.engine.whole_plan import LOADED, PlanGateway, PlanWorld

SECRET = "s3cret-of-followers"
SIZE = (
    *("--users", "14", "--departments", "4", "--groups", "5", "--tasks", "16", "--posts", "12", "--chats", "6"),
    *("--messages", "40", "--deals", "18", "--contacts", "12", "--companies", "8", "--smart-types", "2"),
    *("--smart-items", "10", "--workflows", "3", "--rate", "0", "--operating-limit", "0"),
)
ROUNDS, DEEDS = 3, 25
HOUR, DAY = 3_600.0, 86_400.0

ENTITIES = tuple(name for name in LOADED.plan.names if name != "media_file")
"""Files have ids that follow their content, and stay."""

DATES = {"chat_message": "date", "feed_post": "DATE_PUBLISH", "feed_comment": "date", "task_comment": "date"}
"""Entities of which a delta misses what was done to an old one, and where they tell how old they are."""

Row = dict[str, Any]
Key = tuple[str, str]
"""(entity, source id)"""


class Copied(PlanWorld):
    """The engine between a simulated portal and a target in memory."""

    async def move(self, mode: RunMode) -> Run:
        request = RunRequest(self.plan.name, mode, ENTITIES, options=RunOptions(sample=0.0, apply_deletes=True))
        run = await self.control.start(request, "tester", self.starter)
        run = await self.drive(run.run_id, turns=600)
        assert run.state is RunState.COMPLETED, (run.reason, run.message)
        return run

    @property
    def held(self) -> dict[Key, Row]:
        """By record, without who stands in for somebody who is gone."""
        records = self.gateway.records.items()
        return {key: one.data for key, one in records if one.data.get("user_type") != "placeholder"}


def copied(portal: SimulatedPortal) -> Copied:
    source: Any = portal.source(portal.webhook(SECRET))
    pace = Pace(slice_rows=1_000, halt_after=900)
    return Copied(source, PlanGateway(), open_memory_stores(), ManualClock(), pace, LOADED.plan)


class Story:
    """What people did at a portal, and the records of which a delta need not know it (``misses`` in the plan)."""

    def __init__(self, portal: SimulatedPortal) -> None:
        self.portal = portal
        self.missed: set[Key] = set()
        self.journal: list[Row] = []
        self._dates: dict[Key, datetime] = {}
        self._look()

    def work(self, ahead: float) -> None:
        self.portal.switch(ahead=ahead)
        self.journal = httpx.post(f"{self.portal.url}/__sim/work", json={"deeds": DEEDS}).raise_for_status().json()
        self._look()

    def miss(self, run: Run) -> None:
        """Of what is too old for a delta to read again it does not learn that it was edited, or deleted."""
        for one in self.journal:
            key, since = (one["entity"], one["id"]), run.reads_since.get(one["entity"])
            if one["what"] == "added" or key not in self._dates or since is None:
                continue
            if key[0] == "task_comment" or self._dates[key] < datetime.fromisoformat(since):
                self.missed.add(key)

    def _look(self) -> None:
        for entity, field in DATES.items():
            for row in self.portal.truth(entity):
                self._dates[entity, _id(row)] = datetime.fromisoformat(row[field])


def _id(row: Row) -> str:
    return str(row.get("ID", row.get("id")))


async def differences(world: Copied, portal: SimulatedPortal) -> set[Key]:
    """Records that are not as a first run into an empty target makes them; none that is only out of sight."""
    fresh = copied(portal)
    await fresh.move(RunMode.FULL)
    wanted, held = fresh.held, world.held
    known = {entity for entity, _ in held.keys() - wanted.keys()}
    hidden = {(entity, _id(row)) for entity in known for row in portal.truth(entity)} - wanted.keys()
    return {key for key in wanted.keys() | held.keys() if wanted.get(key) != held.get(key)} - hidden


@pytest.fixture
def portal(tmp_path: Path, seed: int) -> Iterator[SimulatedPortal]:
    with simulated_portal(tmp_path, "--webhook", f"1:{SECRET}", "--seed", str(seed), *SIZE) as portal:
        yield portal


@pytest.mark.parametrize("seed", range(3))
async def test_after_a_delta_the_target_is_as_a_first_run_makes_it(portal: SimulatedPortal, seed: int) -> None:
    chance, world, story, ahead = random.Random(seed), copied(portal), Story(portal), 0.0
    await world.move(RunMode.FULL)
    for _ in range(ROUNDS):
        ahead += chance.choice([0.0, HOUR, 3 * DAY, 10 * DAY])
        story.work(ahead)
        story.miss(await world.move(RunMode.DELTA))
        assert await differences(world, portal) - story.missed == set()
    await world.move(RunMode.FULL)
    assert await differences(world, portal) == set()  # a full run finds what deltas miss
    calls = len(world.gateway.calls)
    await world.move(RunMode.DELTA)
    assert len(world.gateway.calls) == calls  # where nothing happened, nothing is written
