"""Several hosts on one storage work on one run, within one portal's limit."""

from collections.abc import Callable

from lab.proof import compare
from lab.system import Portal, System

# A small bucket, so that the run is longer than what the burst alone lets through.
TIGHT = Portal(users=400, departments=20, groups=60, rate=2.0, burst=50)


def test_two_hosts_share_a_run_without_double_imports_or_a_refused_call(start_system: Callable[..., System]) -> None:
    system = start_system(TIGHT, hosts=2)
    api = system.api()
    status = api.wait(api.start())
    assert status["state"] == "completed"
    assert [entity.differences for entity in compare(system)] == [[]] * 4
    assert system.repeated_writes() == []
    assert system.stats()["refused"] == 0
