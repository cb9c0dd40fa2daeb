"""Batches: order, macros, halt, sections, and what may not be in one (API facts §3.4, §9.4)."""

from typing import Any

import pytest

SECTIONS = {"result", "result_error", "result_total", "result_next", "result_time"}
USERS = "user.get?ADMIN_MODE=true&start=-1&sort=ID&order=ASC"


@pytest.fixture(scope="module")
def portal(start_portal: Any) -> Any:
    return start_portal("--users", "120", "--departments", "4", "--groups", "4")


def _errors(sections: dict[str, Any]) -> dict[str, str]:
    return {key: one["error"] for key, one in sections["result_error"].items()}


def test_sections_are_keyed_like_the_commands(portal: Any) -> None:
    sections = portal.batch({"users": "user.get", "now": "server.time", "wrong": "no.such.method"})
    assert sections.keys() == SECTIONS
    assert sections["result"].keys() == sections["result_time"].keys() == {"users", "now"}
    assert sections["result_total"].keys() == sections["result_next"].keys() == {"users"}
    assert _errors(sections) == {"wrong": "ERROR_METHOD_NOT_FOUND"}


def test_empty_sections_are_lists(portal: Any) -> None:
    assert portal.batch({}) == {name: [] for name in SECTIONS}


def test_numbered_keys_become_a_list(portal: Any) -> None:
    assert len(portal.batch(["server.time", "server.time"])["result"]) == 2
    assert len(portal.batch({"0": "server.time", "1": "server.time"})["result"]) == 2


def test_numbered_keys_with_a_hole_stay_an_object(portal: Any) -> None:
    sections = portal.batch(["server.time", "no.such.method", "server.time"])
    assert sections["result"].keys() == {"0", "2"}
    assert sections["result_error"].keys() == {"1"}


def test_a_failure_at_the_start_of_numbered_keys_loses_its_place(portal: Any) -> None:
    assert isinstance(portal.batch(["no.such.method", "server.time"])["result_error"], list)


def test_a_macro_chains_pages_by_the_last_id(portal: Any) -> None:
    commands = {
        "a": f"{USERS}&FILTER[>ID]=0",
        "b": f"{USERS}&FILTER[>ID]=$result[a][49][ID]",
        "c": f"{USERS}&FILTER[%3EID]=%24result%5Bb%5D%5B49%5D%5BID%5D",
    }
    pages = portal.batch(commands)["result"]
    ids = [row["ID"] for key in "abc" for row in pages[key]]
    assert ids == [row["ID"] for row in portal.look("truth/user")]


def test_a_macro_beyond_a_short_page_answers_the_first_page_again(portal: Any) -> None:
    commands = {"a": f"{USERS}&FILTER[>ID]=100000", "b": f"{USERS}&FILTER[>ID]=$result[a][49][ID]"}
    pages = portal.batch(commands)["result"]
    assert pages["a"] == []
    assert pages["b"][0]["ID"] == portal.look("truth/user")[0]["ID"]


def test_a_macro_reaches_through_objects_at_any_depth_of_the_parameters(portal: Any) -> None:
    commands = {"me": "profile", "user": f"{USERS}&FILTER[@ID][0]=$result[me][ID]&FILTER[@ID][1]=2"}
    assert "1" in [row["ID"] for row in portal.batch(commands)["result"]["user"]]


def test_a_command_after_a_failed_one_runs(portal: Any) -> None:
    sections = portal.batch({"a": "no.such.method", "b": "server.time"}, halt=0)
    assert sections["result"].keys() == {"b"}


@pytest.mark.parametrize("halt", [1, True, "1", "false"])
def test_halt_stops_at_the_first_error(portal: Any, halt: Any) -> None:
    sections = portal.batch({"a": "server.time", "b": "no.such.method", "c": "server.time"}, halt=halt)
    assert sections["result"].keys() == sections["result_time"].keys() == {"a"}
    assert sections["result_error"].keys() == {"b"}


@pytest.mark.parametrize("halt", [0, False, "0", "", None])
def test_what_is_empty_for_php_does_not_halt(portal: Any, halt: Any) -> None:
    assert portal.batch({"a": "no.such.method", "b": "server.time"}, halt=halt)["result"].keys() == {"b"}


def test_commands_after_the_fiftieth_are_refused_one_by_one(portal: Any) -> None:
    sections = portal.batch({f"c{number}": "server.time" for number in range(53)})
    assert len(sections["result"]) == 50
    assert _errors(sections) == {f"c{number}": "ERROR_BATCH_LENGTH_EXCEEDED" for number in (50, 51, 52)}


@pytest.mark.parametrize("command", ["batch?cmd[a]=server.time", "Batch.json", "download?token=x", "upload"])
def test_batches_downloads_and_uploads_are_not_allowed_in_a_batch(portal: Any, command: str) -> None:
    assert _errors(portal.batch({"a": command})) == {"a": "ERROR_BATCH_METHOD_NOT_ALLOWED"}


def test_commands_that_are_no_text_are_skipped(portal: Any) -> None:
    sections = portal.batch({"a": 5, "b": None, "c": {"method": "server.time"}, "d": "server.time"})
    assert sections["result"].keys() == {"d"}
    assert sections["result_error"] == []


def test_a_batch_of_failures_is_a_success(portal: Any) -> None:
    assert portal.post("batch", {"cmd": {"a": "no.such.method"}}).status_code == 200


def test_a_batch_of_an_unknown_webhook_is_refused_as_a_whole(portal: Any) -> None:
    assert portal.call("batch", {"cmd": {"a": "server.time"}}, "1/wrong")["error"] == "NO_AUTH_FOUND"


def test_a_batch_may_be_a_form_or_a_query(portal: Any) -> None:
    form = portal.http.post(f"{portal.url}/rest/1/secret/batch", data={"cmd[a]": "user.get?FILTER%5B%3CID%5D=2"})
    query = portal.http.get(f"{portal.url}/rest/1/secret/batch?cmd[a]=user.get%3FFILTER%255B%253CID%255D%3D2")
    assert [row["ID"] for row in form.json()["result"]["result"]["a"]] == ["1"]
    assert query.json()["result"]["result"] == form.json()["result"]["result"]


def test_a_result_says_how_long_its_command_took(portal: Any) -> None:
    times = portal.batch({"a": "user.get"})["result_time"]["a"]
    assert times.keys() >= {"start", "finish", "duration", "processing", "operating", "operating_reset_at"}
