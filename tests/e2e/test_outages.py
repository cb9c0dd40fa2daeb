"""What a run needs is away for a while: the run waits, and ends complete by itself."""

import time
from pathlib import Path

from lab.chaos.surroundings import HarshSystem
from lab.faults import Dialect
from lab.proof import compare
from lab.system import Portal

PEOPLE = ("department", "user", "group", "media_file")
_SMALL = Portal(users=150, departments=10, groups=10, rate=100_000.0, burst=100_000, page_ms=40)
_SETTINGS = {"PORTAGE_QUEUE_LEASE_SECONDS": "3", "PORTAGE_DEVHOST_LEASE_SECONDS": "3"}
_AWAY_SECONDS = 4.0


def test_a_run_outlasts_gateway_portal_and_storage_being_away_in_turn(tmp_path: Path) -> None:
    with HarshSystem(tmp_path, _SMALL, _SETTINGS, share=0.0, seed=1) as system:
        api = system.start().api()
        run_id = api.start(entities=PEOPLE)
        api.wait_for(run_id, lambda status: any(entity["extracted"] for entity in status["entities"].values()))
        system.links[Dialect.PORTAL].down(True)
        time.sleep(_AWAY_SECONDS)
        system.links[Dialect.PORTAL].down(False)
        system.links[Dialect.GATEWAY].down(True)
        time.sleep(_AWAY_SECONDS)
        system.pause_storage()
        system.links[Dialect.GATEWAY].down(False)
        time.sleep(_AWAY_SECONDS)
        system.resume_storage()
        status = api.wait(run_id)
        assert (status["state"], status["reason"]) == ("completed", None)
        assert [entity.differences for entity in compare(system)] == [[]] * 4
        assert system.repeated_writes() == []
