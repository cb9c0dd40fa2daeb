"""Pause and cancel while every worker is busy: what is in hand ends, and then nothing more is written."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient

from lab.chaos.surroundings import HarshSystem
from lab.faults import Dialect, Kind
from lab.system import Portal

PEOPLE = ("department", "user", "group", "media_file")
_MANY = Portal(users=5_000, departments=10, groups=10, rate=100_000.0, burst=100_000)
_A_WHILE = 2.0


@pytest.fixture
def system(tmp_path: Path) -> Iterator[HarshSystem]:
    """One whose gateway is slow to answer every call, so that a run is busy with it for long."""
    with HarshSystem(tmp_path, _MANY, {"PORTAGE_QUEUE_LEASE_SECONDS": "3"}, share=0.0, seed=1) as system:
        system.start()
        gateway = system.links[Dialect.GATEWAY]
        gateway.share.kinds, gateway.share.share = [Kind.LATE], 1.0
        gateway.slow_for(0.5)
        yield system


def _users(system: HarshSystem) -> int:
    return int(system.gateway("import.count", {"entity": "user"})["count"])


def _until_more_than(system: HarshSystem, written: int) -> None:
    deadline = time.monotonic() + 90
    while _users(system) <= written:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _until_hands_are_empty(system: HarshSystem, run_id: str) -> None:
    bounds = {"first": f"{run_id}:", "last": f"{run_id};"}
    with TableServiceClient.from_connection_string(system.storage) as tables:
        ledger = tables.get_table_client("ledger")
        where = "PartitionKey ge @first and PartitionKey lt @last and held_by ne ''"
        deadline = time.monotonic() + 60
        while list(ledger.query_entities(where, parameters=bounds)):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def _nothing_more_is_written(system: HarshSystem, run_id: str) -> None:
    _until_hands_are_empty(system, run_id)
    written = _users(system)
    assert written < _MANY.users
    time.sleep(_A_WHILE)
    assert _users(system) == written


def test_nothing_is_written_once_hands_are_empty_whether_paused_or_cancelled(system: HarshSystem) -> None:
    api = system.api()
    run_id = api.start(entities=PEOPLE)
    _until_more_than(system, 0)
    api.act(run_id, "pause")
    _nothing_more_is_written(system, run_id)
    written = _users(system)
    api.act(run_id, "resume")
    _until_more_than(system, written)
    api.act(run_id, "cancel")
    _nothing_more_is_written(system, run_id)
    assert api.run(run_id)["state"] == "cancelled"
