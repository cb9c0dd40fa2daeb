"""A host that is killed loses nothing, and nothing is applied twice."""

import time
from collections.abc import Callable

from lab.proof import compare
from lab.system import Portal, System

PEOPLE = ("department", "user", "group")

# Pages slow enough that a kill hits a run that is under way.
SLOW = Portal(users=600, departments=30, groups=40, rate=100_000.0, burst=100_000, page_ms=100)


def _wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"never saw {what}"
        time.sleep(0.05)


def _records(system: System, entity: str) -> int:
    return int(system.gateway("import.count", {"entity": entity})["count"])


def _assert_all_arrived_once(system: System) -> None:
    assert [entity.differences for entity in compare(system)] == [[]] * 4
    assert system.repeated_writes() == []


def test_a_run_survives_the_kill_of_its_only_host_while_it_reads_and_while_it_writes(
    start_system: Callable[..., System],
) -> None:
    system = start_system(SLOW)
    run_id = system.api().start(entities=(*PEOPLE, "media_file"))

    _wait_until(lambda: system.stats()["requests"] > 2, "a call to the portal")
    system.hosts[0].kill()
    system.start_host()

    _wait_until(lambda: _records(system, "user") > 0, "a user in the gateway")
    assert system.api(1).run(run_id)["state"] == "running"
    system.hosts[1].kill()
    system.start_host()

    status = system.api(2).wait(run_id)
    assert status["state"] == "completed"
    extracted = {name: status["entities"][name]["extracted"] for name in PEOPLE}
    assert extracted == {name: len(system.truth(name)) for name in PEOPLE}
    _assert_all_arrived_once(system)


def test_a_run_survives_the_kill_of_one_of_two_hosts(start_system: Callable[..., System]) -> None:
    system = start_system(SLOW, hosts=2)
    run_id = system.api().start(entities=(*PEOPLE, "media_file"))

    _wait_until(lambda: _records(system, "department") > 0, "a department in the gateway")
    system.hosts[0].kill()

    status = system.api(1).wait(run_id)
    assert status["state"] == "completed"
    _assert_all_arrived_once(system)
