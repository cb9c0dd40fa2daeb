"""Runs that have to wait: for the target to come back, or for a person."""

import time
from collections.abc import Callable

from lab.proof import compare
from lab.system import Portal, System

SLOW = Portal(users=400, rate=100_000.0, burst=100_000, page_ms=200)
LEASE_SECONDS = 3


def test_a_gateway_that_is_down_halts_the_run_and_resume_finishes_it(start_system: Callable[..., System]) -> None:
    system = start_system(settings={"PORTAGE_HALT_AFTER_SECONDS": "6"})
    api = system.api()
    assert api.wait(api.start(entities=["department"]))["state"] == "completed"
    system.stop_gateway()

    run_id = api.start()
    waiting = api.wait_for(run_id, lambda status: status["waiting_on"] == "target")
    assert waiting["state"] == "running"
    halted = api.wait(run_id, {"halted"})
    assert halted["reason"] == "target.unreachable"

    system.start_gateway()
    api.act(run_id, "resume")
    assert api.wait(run_id)["state"] == "completed"
    assert [entity.differences for entity in compare(system)] == [[]] * 4


def test_a_pause_may_outlast_every_lease(start_system: Callable[..., System]) -> None:
    system = start_system(SLOW)
    api = system.api()
    run_id = api.start(entities=["department", "user", "group", "media_file"])
    api.wait_for(run_id, lambda status: any(entity["extracted"] for entity in status["entities"].values()))
    api.act(run_id, "pause")
    api.wait(run_id, {"paused"})
    time.sleep(LEASE_SECONDS)  # what was under way when the pause came may still end
    before = system.stats()["requests"]
    time.sleep(3 * LEASE_SECONDS)
    assert system.stats()["requests"] == before
    api.act(run_id, "resume")
    assert api.wait(run_id)["state"] == "completed"
    assert [entity.differences for entity in compare(system)] == [[]] * 4
