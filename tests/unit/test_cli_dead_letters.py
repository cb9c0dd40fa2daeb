"""What the command line says of records that failed for good."""

from collections.abc import Iterator
from typing import Any

import pytest

from cli.exits import ExitCode
from tests.unit.api_stand_in import StandIn, connected, entity, portage, status

LETTER = {
    "run_id": "r-1",
    "entity": "user",
    "source_id": "17",
    "reason": "target.conflict",
    "field": "email",
    "message": "taken",
    "attempts": 1,
}
FAILED = status("completed_with_errors", entities={"user": entity(1, 1, extracted=9, failed=9, dead_lettered=9)})


def cause(entity: str, count: int) -> dict[str, Any]:
    return {"entity": entity, "reason": "target.conflict", "message": "taken", "count": count, "example_id": "17"}


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn({"GET /api/runs/r-1": [(200, FAILED)], "POST /api/runs": [(202, {"run_id": "r-1"})]}) as stand_in:
        yield stand_in


def lines(api: StandIn, *command: str) -> list[str]:
    return portage(*command, env=connected(api)).stdout.splitlines()


def test_a_record_is_told_with_its_reason_field_and_message(api: StandIn) -> None:
    api.answers["GET /api/dead-letters"] = [(200, {"items": [LETTER], "next": None})]
    assert lines(api, "dead-letters", "r-1") == ["user 17: target.conflict, email: taken"]


def test_a_page_says_how_to_get_the_next_one(api: StandIn) -> None:
    api.answers["GET /api/dead-letters"] = [(200, {"items": [LETTER], "next": "r-1/user/it's 17"})]
    last = lines(api, "dead-letters", "r-1", "--limit", "1")[-1]
    assert last == """more: portage dead-letters r-1 --limit 1 --after 'r-1/user/it'"'"'s 17'"""


def test_the_place_and_the_size_go_to_the_api(api: StandIn) -> None:
    api.answers["GET /api/dead-letters"] = [(200, {"items": [], "next": None})]
    assert lines(api, "dead-letters", "r-1", "--limit", "5", "--after", "r-1/user/17") == [
        "run r-1 has no more dead letters"
    ]
    assert api.requests[0].query == "run_id=r-1&limit=5&after=r-1%2Fuser%2F17"


def test_causes_are_told_with_their_count_an_example_and_what_helps(api: StandIn) -> None:
    api.answers["GET /api/dead-letters/causes"] = [(200, [{**cause("user", 1200), "hint": "Merge them."}])]
    assert lines(api, "dead-letters", "r-1", "--causes") == [
        "  1,200 x user: target.conflict: taken",
        "      for example user 17",
        "      hint: Merge them.",
    ]


def test_a_run_without_failures_has_no_causes(api: StandIn) -> None:
    api.answers["GET /api/dead-letters/causes"] = [(200, [])]
    assert lines(api, "dead-letters", "r-1", "--causes") == ["run r-1 has no dead letters"]


@pytest.mark.parametrize("option", ["--causes", "--limit=7"])
def test_json_is_passed_on_byte_for_byte(api: StandIn, option: str) -> None:
    odd = b'{"items": [],  "next":null, "new_member": 1}\n'
    api.answers |= {"GET /api/dead-letters": [(200, odd)], "GET /api/dead-letters/causes": [(200, odd)]}
    assert portage("dead-letters", "r-1", option, "--json", env=connected(api)).stdout_bytes == odd


@pytest.mark.parametrize(
    "options", [("--causes", "--limit", "3"), ("--limit", "0"), ("--limit", "1001"), ("--after=",)]
)
def test_options_that_make_no_sense_are_usage_errors(api: StandIn, options: tuple[str, ...]) -> None:
    assert (portage("dead-letters", "r-1", *options, env=connected(api)).exit_code, api.requests) == (2, [])


@pytest.mark.parametrize("command", [("status", "r-1"), ("run", "bitrix24_onprem", "--watch")])
def test_a_run_with_failures_ends_with_the_top_causes_and_the_verdict(api: StandIn, command: tuple[str, ...]) -> None:
    causes = [cause(name, count) for name, count in (("user", 4), ("group", 3), ("chat", 1), ("task", 1))]
    api.answers["GET /api/dead-letters/causes"] = [(200, causes)]
    assert lines(api, *command)[-9:] == [
        "why records failed:",
        "  4 x user: target.conflict: taken",
        "      for example user 17",
        "  3 x group: target.conflict: taken",
        "      for example group 17",
        "  1 x chat: target.conflict: taken",
        "      for example chat 17",
        "1 more cause: portage dead-letters r-1 --causes",
        "run r-1: completed with errors; nothing was imported, 9 failed for good",
    ]


def test_the_figures_of_failures_fit_together(api: StandIn) -> None:
    entities = {
        "media_file": entity(1, 1, extracted=9, imported=9, dead_lettered=21),
        "user": entity(1, 1, extracted=108, imported=107, failed=1, dead_lettered=1),
    }
    api.answers["GET /api/dead-letters/causes"] = [(200, [])]
    api.answers["GET /api/runs/r-1"] = [(200, status("halted", entities=entities, failures={"attempted": 138}))]
    told = [line for line in lines(api, "status", "r-1") if "failed for good" in line]
    assert told == [
        "22 of 138 records attempted failed for good: 21 media_file, 1 user; 1 had been read, 21 could not be"
    ]


def test_a_run_without_failures_asks_for_no_causes(api: StandIn) -> None:
    api.answers["GET /api/runs/r-1"] = [(200, status("completed"))]
    lines(api, "status", "r-1")
    assert [request.path for request in api.requests] == ["/api/runs/r-1"]


def test_a_status_is_shown_even_when_its_causes_cannot_be_asked(api: StandIn) -> None:
    result = portage("status", "r-1", env=connected(api))
    assert (result.exit_code, "could not be asked: the API answered HTTP 404" in result.stdout) == (3, True)


def test_the_json_of_a_status_needs_no_causes(api: StandIn) -> None:
    portage("status", "r-1", "--json", env=connected(api))
    assert [request.path for request in api.requests] == ["/api/runs/r-1"]


REQUEUED = {"requeued": 3, "waiting": 1, "runs": ["r-1"], "status_url": "http://x/api/runs/r-1", "unknown": []}


def test_requeueing_tells_how_many_go_again_and_where(api: StandIn) -> None:
    api.answers["POST /api/dead-letters/requeue"] = [(202, REQUEUED)]
    assert lines(api, "dead-letters", "requeue", "--run", "r-1", "--cause", "c-1") == [
        "3 dead letters go again, 1 of them for want of others",
        "in run r-1; watch it with: portage status r-1 --watch",
    ]
    assert api.requests[0].body == {"cause": "c-1", "run_id": "r-1", "dry_run": False}


def test_letters_that_are_too_many_to_count_are_requeued_without_a_number(api: StandIn) -> None:
    uncounted = {**REQUEUED, "requeued": None, "waiting": None}
    api.answers["POST /api/dead-letters/requeue"] = [(202, uncounted)]
    told = lines(api, "dead-letters", "requeue", "--run", "r-1")
    assert told[0] == "all these dead letters, which are too many to count at once, go again"


def test_letters_are_requeued_by_their_ids(api: StandIn) -> None:
    api.answers["POST /api/dead-letters/requeue"] = [
        (200, {**REQUEUED, "requeued": 1, "waiting": 0, "unknown": ["a/b/1"]})
    ]
    told = lines(api, "dead-letters", "requeue", "a/b/1", "a/b/2", "--dry-run")
    assert told == ["1 dead letter would go again", "in run r-1", "not found: a/b/1"]
    assert api.requests[0].body == {"ids": ["a/b/1", "a/b/2"], "dry_run": True}


_SETTLED = "nothing goes again: none of these is a dead letter now; what was requeued and went in is settled"


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (("--cause", "nope"), "there is no dead letter of cause nope that could"),
        (("--run", "r-1"), "there is no dead letter of run r-1 that could"),
        (("--run", "r-1", "--cause", "nope"), "there is no dead letter of cause nope of run r-1 that could"),
        (("r-1/user/7",), _SETTLED),
        (("r-1/user/7", "--json"), '"requeued": 0'),
    ],
)
def test_to_requeue_what_does_not_exist_is_no_success(api: StandIn, named: tuple[str, ...], told: str) -> None:
    unknown = ["r-1/user/7"] if told == _SETTLED else []
    answer = {"requeued": 0, "waiting": 0, "runs": [], "status_url": None, "unknown": unknown}
    api.answers["POST /api/dead-letters/requeue"] = [(200, answer)]
    result = portage("dead-letters", "requeue", *named, env=connected(api))
    assert result.exit_code == ExitCode.REFUSED
    assert told in result.stdout
    assert ("not found: r-1/user/7" in result.stdout) == (told == _SETTLED)


def test_a_watched_requeue_leaves_with_the_code_of_the_run(api: StandIn) -> None:
    api.answers["POST /api/dead-letters/requeue"] = [(202, REQUEUED)]
    api.answers["GET /api/dead-letters/causes"] = [(200, [])]
    ended = portage("dead-letters", "requeue", "--run", "r-1", "--watch", env=connected(api))
    assert ended.exit_code == ExitCode.COMPLETED_WITH_ERRORS


@pytest.mark.parametrize("arguments", [(), ("a/b/1", "--run", "r-1")], ids=["nothing", "ids and a run"])
def test_what_is_to_be_requeued_has_to_be_named_in_one_way(api: StandIn, arguments: tuple[str, ...]) -> None:
    assert portage("dead-letters", "requeue", *arguments, env=connected(api)).exit_code == ExitCode.USAGE
    assert api.requests == []


def test_a_refused_requeue_says_why(api: StandIn) -> None:
    problem = {
        "code": "RUN_ALREADY_ACTIVE",
        "title": "A run of this plan has not ended",
        "detail": "Run r-2",
        "status": 409,
    }
    api.answers["POST /api/dead-letters/requeue"] = [(409, problem)]
    refused = portage("dead-letters", "requeue", "--run", "r-1", env=connected(api))
    assert refused.exit_code == ExitCode.REFUSED
    assert "RUN_ALREADY_ACTIVE" in refused.stderr
