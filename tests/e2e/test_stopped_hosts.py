"""A host that is asked to stop hands back what it has in hand: nobody has to wait for its leases."""

import time
from collections.abc import Callable

from lab.proof import compare
from lab.system import Portal, System

PEOPLE = ("department", "user", "group", "media_file")
SLOW = Portal(users=250, departments=12, groups=20, rate=100_000.0, burst=100_000, page_ms=100)

LONGER_THAN_THE_TEST = {
    "PORTAGE_QUEUE_LEASE_SECONDS": "600",
    "PORTAGE_DEVHOST_LEASE_SECONDS": "600",
    "PORTAGE_DEVHOST_GRACE_SECONDS": "0.2",
}


def _wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"never saw {what}"
        time.sleep(0.05)


def _replace_host(system: System) -> None:
    assert system.hosts[-1].stop() == 0
    system.start_host()


def test_a_run_goes_on_at_once_where_a_stopped_host_left_it(start_system: Callable[..., System]) -> None:
    system = start_system(SLOW, settings=LONGER_THAN_THE_TEST)
    run_id = system.api().start(entities=PEOPLE)

    _wait_until(lambda: system.stats()["requests"] > 2, "a call to the portal")
    _replace_host(system)
    _wait_until(lambda: system.gateway("import.count", {"entity": "department"})["count"] > 0, "a record")
    _replace_host(system)

    assert system.api(2).wait(run_id)["state"] == "completed"
    assert [entity.differences for entity in compare(system)] == [[]] * 4
    assert system.repeated_writes() == []
