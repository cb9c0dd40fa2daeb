"""What the command line says of records that the source has no more."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.api_stand_in import StandIn, connected, entity, portage, status

_STAY = "gone at the source, still there (apply_deletes would delete them)"
_PROOF: dict[str, Any] = {"run_id": "r-1", "mode": "delta", "state": "completed", "finished_at": "2026-01-01T00:00:00Z"}


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


def gone(**counts: int) -> dict[str, Any]:
    return {**dict.fromkeys(("compared", "gone", "unseen", "deleted", "held", "kept"), 0), **counts}


def told(api: StandIn, state: str = "completed", **entities: dict[str, Any]) -> list[str]:
    shown = {name: {**entity(1, 1), "deleted_at_source": one} for name, one in entities.items()}
    api.answers["GET /api/runs/r-1"] = [(200, status(state, mode="delta", entities=shown))]
    lines = portage("status", "r-1", env={**connected(api), "COLUMNS": "1000"}).stdout.splitlines()
    return [line for line in lines if "gone" in line]


def test_what_is_gone_and_stays_is_told_by_entity_with_what_would_delete_it(api: StandIn) -> None:
    assert told(api, group=gone(compared=9, gone=1), deal=gone(compared=9), task=gone(compared=9, gone=20)) == [
        "group: 1 gone at the source, still there (apply_deletes would delete it)",
        f"task: 20 {_STAY}",
        f"run r-1: completed; nothing was imported; 21 {_STAY}",
    ]


def test_what_was_deleted_held_and_kept_is_told_by_entity_and_in_the_last_line(api: StandIn) -> None:
    assert told(api, group=gone(gone=3, deleted=1, kept=2), task=gone(gone=20, held=20)) == [
        "group: 3 gone at the source, 1 deleted, 0 held by the brake, 2 kept",
        "task: 20 gone at the source, 0 deleted, 20 held by the brake, 0 kept",
        "run r-1: completed; nothing was imported; 23 gone at the source, 1 deleted, 20 held by the brake, 2 kept",
    ]


def test_what_is_only_not_shown_is_not_called_gone(api: StandIn) -> None:
    assert told(api, task=gone(unseen=2))[0] == "task: 2 not shown by the source, and not gone for certain"


def test_nothing_is_said_where_the_source_has_everything(api: StandIn) -> None:
    assert told(api, task=gone(compared=9)) == []


def test_what_was_sent_again_without_a_link_is_told_beside_what_was_imported(api: StandIn) -> None:
    task = {**entity(1, 1), "deleted_at_source": gone(gone=1, deleted=1), "sent_again": 3}
    api.answers["GET /api/runs/r-1"] = [(200, status("completed", entities={"task": task}))]
    last = portage("status", "r-1", env={**connected(api), "COLUMNS": "1000"}).stdout.splitlines()[-1]
    assert "; nothing was imported, 3 sent again, for what they link to came or went; 1 gone" in last


def test_a_run_that_is_watched_tells_it_at_its_end(api: StandIn) -> None:
    task = {**entity(1, 1), "deleted_at_source": gone(gone=1, deleted=1)}
    api.answers["POST /api/runs"] = [(202, {"run_id": "r-1", "status_url": "/"})]
    api.answers["GET /api/runs/r-1"] = [(200, status("completed", mode="delta", entities={"task": task}))]
    said = portage("run", "p", "--mode", "delta", "--watch", env=connected(api)).output
    assert "task: 1 gone at the source, 1 deleted, 0 held by the brake, 0 kept" in said
    assert said.splitlines()[-1].endswith("; 1 gone at the source, 1 deleted, 0 held by the brake, 0 kept")


def test_the_proof_of_a_run_is_shown_with_what_is_gone(api: StandIn) -> None:
    task = {"verdict": "not_asked", "figures": {}, "deleted_at_source": gone(gone=1)}
    api.answers["GET /api/runs/r-1/proof"] = [(200, {**_PROOF, "passed": True, "entities": {"task": task}})]
    said = portage("verify", "r-1", env={**connected(api), "COLUMNS": "1000"}).stdout
    assert "task: 1 gone at the source, still there (apply_deletes would delete it)" in said
