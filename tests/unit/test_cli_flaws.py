"""What the command line says of records that went in though something of them is lacking."""

from collections.abc import Iterator

import pytest

from tests.unit.api_stand_in import StandIn, connected, entity, portage, status

FLAW = {"entity": "user", "source_id": "7", "kind": "flawed", "field": "born", "message": "is no date", "reason": None}
LINK = {"entity": "group", "source_id": "5", "kind": "unresolved", "field": None, "message": "links to user 20"}
MADE_UP = {"entity": "task", "source_id": None, "kind": "placeholders", "message": "user 900 is gone"}


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn({"GET /api/runs/r-1": [(200, status("completed"))]}) as stand_in:
        yield stand_in


def lines(api: StandIn, *command: str) -> list[str]:
    return portage(*command, env=connected(api)).stdout.splitlines()


def test_a_flaw_is_told_with_its_record_kind_reason_and_field(api: StandIn) -> None:
    items = [FLAW, {**LINK, "reason": "target.conflict"}, MADE_UP]
    api.answers["GET /api/runs/r-1/flaws"] = [(200, {"items": items, "next": None})]
    assert lines(api, "flaws", "r-1") == [
        "user 7: flawed, born: is no date",
        "group 5: unresolved, target.conflict: links to user 20",
        "task: placeholders: user 900 is gone",
    ]


def test_what_is_asked_for_goes_to_the_api_and_into_the_command_for_the_next_page(api: StandIn) -> None:
    api.answers["GET /api/runs/r-1/flaws"] = [(200, {"items": [FLAW], "next": "user/0/i-0000000-000/4"})]
    last = lines(api, "flaws", "r-1", "--entity", "user", "--kind", "flawed", "--limit", "1")[-1]
    assert api.requests[0].query == "entity=user&kind=flawed&limit=1"
    assert last == "more: portage flaws r-1 --entity user --kind flawed --limit 1 --after user/0/i-0000000-000/4"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "run r-1 has no flaws"),
        (("--entity", "user"), "run r-1 has no flaws of that sort"),
        (("--after", "user/0/i-0000000-000/4"), "run r-1 has no more flaws"),
    ],
)
def test_a_run_without_flaws_says_so(api: StandIn, options: tuple[str, ...], told: str) -> None:
    api.answers["GET /api/runs/r-1/flaws"] = [(200, {"items": [], "next": None})]
    assert lines(api, "flaws", "r-1", *options) == [told]


def test_a_run_that_ended_with_flaws_says_how_to_list_them(api: StandIn) -> None:
    flawed = {"user": {**entity(1, 1, extracted=9, imported=9), "flawed": 2}}
    api.answers["GET /api/runs/r-1"] = [(200, status("completed", entities=flawed))]
    told = lines(api, "status", "r-1")
    assert "which records these are: portage flaws r-1" in told
    assert "user: 2 with a field that went in empty or incomplete" in told
