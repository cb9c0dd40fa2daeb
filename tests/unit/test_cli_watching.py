"""Following a run: what is said, how long, and how it ends."""

import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.api import Answer, Api
from cli.connection import Connection, Setting
from cli.failures import Failure, Refused, Unreachable
from cli.views.lines import Lines
from cli.watching import watch
from tests.unit.api_stand_in import KEY, StandIn, connected, entity, portage, spawn, status

STATUS = "GET /api/runs/r-1"
STARTING = (503, b"the host is starting")
PROMPTLY = 0.01


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


def watched(api: StandIn, *answers: tuple[int, Any], patience: float = 60) -> tuple[Answer, list[str]]:
    """Follow r-1 through ``answers``; the last status and the lines without their time of day."""
    api.answers[STATUS] = answers
    said: list[str] = []
    client = Api(Connection(Setting(api.url, "test"), Setting(KEY, "test")))
    try:
        answer = watch(client, "r-1", Lines(said.append), poll_seconds=PROMPTLY, patience_seconds=patience)
    finally:
        client.close()
    return answer, [line.split(" ", 1)[1] for line in said]


@pytest.mark.parametrize(
    "state", ["completed", "completed_with_errors", "failed", "cancelled", "rolled_back", "halted"]
)
def test_watching_ends_when_there_is_nothing_to_wait_for(api: StandIn, state: str) -> None:
    answer, _ = watched(api, (200, status()), (200, status("paused")), (200, status(state)))
    assert answer.body["state"] == state


def test_a_run_that_does_not_change_is_told_once(api: StandIn) -> None:
    _, lines = watched(api, *[(200, status())] * 20, (200, status("completed")))
    assert [line for line in lines if line.startswith("run ")] == [
        "run r-1 of bitrix24_onprem (full): running",
        "run r-1 of bitrix24_onprem (full): completed",
    ]


def test_an_entity_is_told_when_it_is_begun_read_and_done(api: StandIn) -> None:
    steps = [
        entity(None, 0),
        entity(None, 1, extracted=50),
        entity(None, 2, extracted=100),
        entity(3, 3, extracted=120, imported=60),
        entity(3, 3, extracted=120, imported=110, skipped=7, failed=3, dead_lettered=3),
    ]
    answers = [(200, status(entities={"user": step})) for step in steps]
    _, lines = watched(api, *answers, (200, status("completed_with_errors", entities={"user": steps[-1]})))
    assert [line for line in lines if line.startswith("user")] == [
        "user: begun",
        "user: all 3 pages read",
        "user: done, 120 extracted, 110 imported, 7 skipped, 3 failed, 3 dead-lettered",
    ]


def test_an_entity_is_done_when_the_rest_of_it_stays_behind(api: StandIn) -> None:
    step = entity(1, 1, extracted=9, imported=7) | {"left_out": 2}
    _, lines = watched(api, (200, status(entities={"user": step})), (200, status("completed", entities={"user": step})))
    assert "user: done, 9 extracted, 7 imported" in lines


def test_an_entity_that_is_only_archived_is_done_when_it_is_read(api: StandIn) -> None:
    kept = {**entity(1, 1, extracted=12), "archived_only": True}
    _, lines = watched(api, (200, status("completed", entities={"custom_field": kept})))
    assert "custom_field: done, 12 archived" in lines


def test_the_totals_come_at_the_end_whatever_came_before(api: StandIn) -> None:
    entities = {"user": entity(1, 1, extracted=2, imported=2), "group": entity(1, 1, extracted=3, duplicate=3)}
    _, lines = watched(api, (200, status()), (200, status("completed", entities=entities)))
    assert "total: 5 extracted, 2 imported, 3 duplicate; calls: 7 source, 5 target" in lines


def test_waiting_is_told_with_the_side_and_the_instant_that_the_api_names(api: StandIn) -> None:
    waiting = status(waiting_on="target", waiting_since="2025-11-03T10:07:00Z")
    _, lines = watched(
        api, (200, status()), (200, waiting), (200, waiting), (200, status()), (200, status("completed"))
    )
    assert [line for line in lines if "waiting" in line] == [
        "waiting on target since 10:07:00Z; the run goes on by itself when it answers",
        "no longer waiting",
    ]


def test_why_a_side_is_waited_for_is_told_once_however_the_words_change(api: StandIn) -> None:
    refused, broken = (
        (200, status(waiting_on="target", waiting_since="2025-11-03T10:07:00Z", waiting_reason=words))
        for words in ("connection refused (target.unreachable)", "HTTP 502 (target.unreachable)")
    )
    _, lines = watched(api, refused, broken, (200, status("completed")))
    [told] = [line for line in lines if "waiting on" in line]
    assert "since 10:07:00Z; connection refused (target.unreachable); the run goes on by itself" in told


def resting(seconds: float, pages: int = 3) -> Any:
    until = (datetime.now(tz=UTC) + timedelta(seconds=seconds)).isoformat()
    wait = {"pages": pages, "until": until, "reason": "source.operating_limit", "message": "user.get rests"}
    return (200, status(entities={"user": {**entity(None, 1, extracted=50), "waiting": wait}}))


def test_what_rests_is_told_once_for_as_long_as_it_takes(api: StandIn) -> None:
    once = resting(120)
    _, lines = watched(api, once, once, resting(5), once, resting(240, 1), (200, status("completed")))
    told = [line.split(" until ")[0] for line in lines if "until" in line]
    assert told == ["user: 3 pages wait", "user: 1 page waits"]
    assert all(line.endswith(", source.operating_limit: user.get rests") for line in lines if "until" in line)


def test_a_dry_run_never_says_that_something_was_imported(api: StandIn) -> None:
    entities = {"user": entity(1, 1, extracted=3, imported=3)}
    _, lines = watched(
        api, (200, status(mode="dry_run", entities=entities)), (200, status("completed", mode="dry_run"))
    )
    assert "user: done, 3 extracted, would import 3" in lines
    assert not [line for line in lines if "imported" in line]


def test_waiting_is_dated_from_here_when_the_api_names_no_instant(api: StandIn) -> None:
    waiting = status(waiting_on="source")
    _, lines = watched(api, (200, waiting), (200, waiting), (200, status("completed")))
    assert [line.split(" since ")[0] for line in lines if "waiting on" in line] == ["waiting on source"]


def test_an_api_that_is_away_for_a_while_is_told_once_and_waited_for(api: StandIn) -> None:
    _, lines = watched(api, (200, status()), STARTING, STARTING, (502, b""), (200, status("completed")))
    assert [line.split(" since ")[0] for line in lines if "API" in line] == [
        "no useful answer from the API",
        "the API answers again",
    ]


def test_an_api_that_stays_away_ends_the_watching(api: StandIn) -> None:
    with pytest.raises(Failure, match="HTTP 503"):
        watched(api, STARTING, patience=PROMPTLY)


def test_a_lasting_refusal_ends_the_watching_at_once(api: StandIn) -> None:
    with pytest.raises(Refused, match="There is no such run"):
        watched(api, (404, {"title": "There is no such run", "code": "UNKNOWN_RUN"}))


def test_a_host_that_is_gone_counts_as_away(api: StandIn) -> None:
    client = Api(Connection(Setting("http://127.0.0.1:1", "test"), None))
    said: list[str] = []
    with pytest.raises(Unreachable):
        watch(client, "r-1", Lines(said.append), poll_seconds=PROMPTLY, patience_seconds=PROMPTLY * 3)
    client.close()
    assert len(said) == 1


def test_run_with_watch_leaves_with_the_outcome_of_the_run(api: StandIn) -> None:
    api.answers = {"POST /api/runs": [(202, {"run_id": "r-1"})], STATUS: [(200, status("completed_with_errors"))]}
    assert portage("run", "bitrix24_onprem", "--watch", env=connected(api)).exit_code == 3


@pytest.mark.parametrize(
    ("members", "last_line"),
    [
        ({"entities": {"user": entity(1, 1, extracted=3, imported=2, skipped=1)}}, "2 imported, 1 unchanged"),
        ({"entities": {"user": entity(1, 1, extracted=3, skipped=3)}}, "nothing was imported, 3 unchanged"),
        (
            {"mode": "dry_run", "entities": {"user": entity(1, 1, extracted=3, imported=3)}},
            "would import 3; nothing was written",
        ),
    ],
)
def test_the_last_line_of_a_watched_run_says_what_came_of_it(
    api: StandIn, members: dict[str, Any], last_line: str
) -> None:
    api.answers = {"POST /api/runs": [(202, {"run_id": "r-1"})], STATUS: [(200, status("completed", **members))]}
    result = portage("run", "bitrix24_onprem", "--watch", env=connected(api))
    assert result.stdout.splitlines()[-1] == f"run r-1: completed; {last_line}"


def test_json_with_watch_is_the_last_status_and_nothing_else_on_stdout(api: StandIn) -> None:
    last = b'{"run_id": "r-1",  "state": "completed"}\n'
    api.answers = {"POST /api/runs": [(202, {"run_id": "r-1"})], STATUS: [(200, last)]}
    result = portage("run", "bitrix24_onprem", "--watch", "--json", env=connected(api))
    assert (result.stdout_bytes, "run r-1 started" in result.stderr) == (last, True)


def test_ctrl_c_ends_the_watching_and_touches_nothing(api: StandIn) -> None:
    api.answers[STATUS] = [(200, status())]
    process = spawn("status", "r-1", "--watch", env=connected(api), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, b"")
    assert out.splitlines()[-1] == b"stopped watching; the run goes on. Back to it: portage status r-1 --watch"
    assert {request.method for request in api.requests} == {"GET"}
