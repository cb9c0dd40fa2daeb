"""What the watchdog's timer measures."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import cast

import pytest

from composition.gauges import Gauges
from shared.engine.budgets.buckets import SlidingWindow
from shared.engine.budgets.governor import Governor
from shared.engine.job import Job, NotConfigured
from shared.model.ledger import PageKey, PageRow, PageState, Stage
from shared.model.messages import EXTRACT_QUEUE
from shared.model.plan import Plan
from shared.model.records import Capabilities, DeadLetter
from shared.model.run import Run, RunMode, RunState
from shared.ports.stores import Stores
from shared.storage.memory.opening import open_memory_stores
from shared.telemetry.metering import Meter

AT = 1_760_000_000.0
RUN = Run(
    "run-1", "one", RunMode.FULL, RunState.RUNNING, 1, ("user",), datetime.fromtimestamp(AT, UTC), "tester", "digest"
)
PAGE = PageRow(PageKey("run-1", "user", 0, Stage.EXTRACT, 0))


class Target:
    """Tells when the code expires, and nothing else."""

    def __init__(self, expires_at: float | None) -> None:
        self._told = Capabilities("1.1", "store", "1", 1_000_000, code_expires_at=expires_at)
        self.asked = 0

    async def capabilities(self) -> Capabilities:
        self.asked += 1
        return self._told


@dataclass
class FewJobs:
    """Systems that are not configured, save for a target; and budgets that were drawn from before."""

    governors: list[Governor] = field(default_factory=list)
    target: Target | None = None

    def of(self, plan: str) -> Job:
        if self.target is None:
            raise NotConfigured(plan)
        return cast("Job", self)

    def plan_of(self, name: str) -> Plan:
        raise KeyError(name)

    def budgets(self) -> Iterator[tuple[str, str, Governor]]:
        for governor in self.governors:
            yield "target", "import.users.batch", governor


@dataclass
class World:
    """Gauges over stores in memory, and a clock that is set by hand."""

    stores: Stores = field(default_factory=open_memory_stores)
    meter: Meter = field(default_factory=Meter)
    jobs: FewJobs = field(default_factory=FewJobs)
    now: float = AT

    def __post_init__(self) -> None:
        self.gauges = Gauges(self.stores, self.jobs, self.meter, lambda: self.now, lambda: self.now)

    async def measured(self, name: str) -> dict[tuple[str, ...], float]:
        """What a gauge shows after measuring, by labels."""
        await self.gauges.measure(("one",))
        return {labels: total.value for metric, labels, total in self.meter.totals() if metric.name == name}


@pytest.fixture
def world() -> World:
    return World()


async def test_dead_letters_are_counted(world: World) -> None:
    letters = [DeadLetter("run-1", "user", name, "target.rejected", "no", 1, None, "cause") for name in ("1", "2")]
    await world.stores.dead_letters.add(letters)
    assert await world.measured("portage.dead_letters") == {(): 2.0}


async def test_runs_that_halted_are_counted_by_plan(world: World) -> None:
    for name, state in (("1", RunState.HALTED), ("2", RunState.HALTED), ("3", RunState.PAUSED)):
        await world.stores.runs.insert(replace(RUN, run_id=f"run-{name}", state=state))
    assert await world.measured("portage.runs_halted") == {("one",): 2.0}


async def test_a_plan_without_a_halted_run_is_told_as_well(world: World) -> None:
    assert await world.measured("portage.runs_halted") == {("one",): 0.0}


async def test_poison_queues_are_measured_one_by_one(world: World) -> None:
    await world.stores.queue.send(f"{EXTRACT_QUEUE}-poison", ["{}"])
    assert await world.measured("portage.poison_depth") == {("extract",): 1.0, ("import",): 0.0}


async def test_progress_is_counted_from_the_page_that_was_completed_last(world: World) -> None:
    await world.stores.runs.insert(RUN)
    done = replace(PAGE, state=PageState.DONE, completed_at=AT + 50)
    await world.stores.ledger.insert([done])
    world.now = AT + 60
    assert await world.measured("portage.seconds_since_progress") == {("one",): 10.0}


async def test_progress_of_a_run_that_completed_nothing_is_counted_from_its_start(world: World) -> None:
    await world.stores.runs.insert(RUN)
    world.now = AT + 60
    assert await world.measured("portage.seconds_since_progress") == {("one",): 60.0}


async def test_a_person_who_resumes_a_run_sets_it_going_anew(world: World) -> None:
    at = datetime.fromtimestamp(AT + 55, UTC).isoformat()
    await world.stores.runs.insert(replace(RUN, actions=({"action": "resume", "by": "tester", "at": at},)))
    world.now = AT + 60
    assert await world.measured("portage.seconds_since_progress") == {("one",): 5.0}


async def test_a_run_that_does_not_work_is_not_measured(world: World) -> None:
    await world.stores.runs.insert(replace(RUN, state=RunState.PAUSED))
    assert await world.measured("portage.seconds_since_progress") == {}


async def test_the_age_of_a_page_is_counted_from_when_it_was_first_seen_to_be_due(world: World) -> None:
    await world.stores.runs.insert(RUN)
    await world.stores.ledger.insert([replace(PAGE, enqueued_at=AT)])
    await world.gauges.measure(("one",))
    world.now = AT + 4000
    assert await world.measured("portage.oldest_pending_seconds") == {("one",): 4000.0}


async def test_a_page_that_waits_for_its_turn_has_no_age(world: World) -> None:
    await world.stores.runs.insert(RUN)
    await world.stores.ledger.insert([PAGE])
    await world.gauges.measure(("one",))
    world.now = AT + 4000
    assert await world.measured("portage.oldest_pending_seconds") == {("one",): 0.0}


async def test_a_budget_tells_which_share_of_it_is_spent(world: World) -> None:
    governor = Governor(world.stores.shared, "target:host:import.users.batch", SlidingWindow(60))
    await governor.acquire("import.users.batch", 3)
    world.jobs.governors.append(governor)
    used = await world.measured("portage.budget_used")
    assert used[("target", "import.users.batch")] == pytest.approx(0.05)


async def test_a_timer_that_comes_more_often_measures_once_a_minute(world: World) -> None:
    await world.gauges.measure(("one",))
    await world.stores.queue.send(f"{EXTRACT_QUEUE}-poison", ["{}"])
    world.now = AT + 30
    before = await world.measured("portage.poison_depth")
    world.now = AT + 60
    after = await world.measured("portage.poison_depth")
    assert (before[("extract",)], after[("extract",)]) == (0.0, 1.0)


async def test_a_code_that_expires_is_told_in_days(world: World) -> None:
    world.jobs.target = Target(AT + 3 * 86_400)
    assert await world.measured("portage.code_expires_days") == {("one",): 3.0}


async def test_a_code_that_does_not_expire_is_not_told_of(world: World) -> None:
    world.jobs.target = Target(None)
    assert await world.measured("portage.code_expires_days") == {}


async def test_the_target_is_not_asked_every_minute(world: World) -> None:
    world.jobs.target = Target(None)
    for _ in range(30):
        await world.gauges.measure(("one",))
        world.now += 60
    assert world.jobs.target.asked == 2
