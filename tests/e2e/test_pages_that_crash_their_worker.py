"""A page whose worker dies each time is given up alone, and requeue finishes the run when the cause is gone."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from lab.proof import compare
from lab.system import Portal, System

CRASHING = Path(__file__).parent / "apps" / "crashing"
PORTAL = Portal(users=320, departments=10, groups=20, rate=100_000.0, burst=100_000)


def _ended(system: System, run_id: str) -> dict[str, Any]:
    """The run's status when it has ended; a host that died meanwhile is followed by another, as a platform would."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if not system.hosts[-1].alive:
            system.start_host(CRASHING)
        try:
            status = system.api(-1).run(run_id)
        except httpx.TransportError:
            continue
        if status["state"] not in ("queued", "running"):
            return status
        time.sleep(0.25)
    raise AssertionError("the run did not end")


def _calls_for_others(status: dict[str, Any]) -> dict[str, Any]:
    """Calls by method, without those for users and their pictures, and for what a process asks once."""
    users = ("batch", "user.get", "download", "profile", "scope")
    return {method: calls for method, calls in status["source_methods"].items() if method not in users}


def test_a_page_that_kills_its_worker_is_a_dead_letter_and_requeue_reads_it_alone(
    start_system: Callable[..., System], tmp_path: Path
) -> None:
    cause = tmp_path / "user"
    system = start_system(PORTAL, hosts=0, settings={"CRASH_WHILE": str(cause)})
    users = {str(one["ID"]) for one in system.truth("user")}
    cause.write_text(sorted(users, key=int)[-100])
    system.start_host(CRASHING)
    run_id = system.api().start(
        entities=["department", "user", "group", "media_file"], options={"failure_threshold": 0.5}
    )

    status = _ended(system, run_id)
    assert status["state"] == "completed_with_errors", (status["reason"], status["message"])
    letters = system.api(-1).get(f"/dead-letters?run_id={run_id}").json()["items"]
    crashed = [one for one in letters if one["reason"] == "page.crashed_worker"]
    assert [one["entity"] for one in crashed] == ["user"]
    assert {one["reason"] for one in letters} <= {"page.crashed_worker", "reference.missing"}
    read = status["entities"]["user"]["extracted"]
    assert 0 < read < len(users)

    cause.unlink()
    before = _calls_for_others(status)
    asked = system.api(-1).post("/dead-letters/requeue", {"run_id": run_id})
    assert (asked.status_code, asked.json()["requeued"]) == (202, len(letters))
    status = _ended(system, run_id)
    assert status["state"] == "completed"
    assert _calls_for_others(status) == before
    assert status["entities"]["user"]["extracted"] == len(users)
    assert system.api(-1).get(f"/dead-letters?run_id={run_id}").json()["items"] == []
    assert [entity.differences for entity in compare(system)] == [[]] * 4
    assert system.repeated_writes() == []
