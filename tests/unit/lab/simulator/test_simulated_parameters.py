"""Parameters in every form that the portal takes (API facts §1.1)."""

from typing import Any

import pytest

from lab.simulators.bitrix24.parameters import parse, parse_query

FORM = "application/x-www-form-urlencoded"
TREE = {"filter": {">ID": "5", "@NAME": ["Ann", "Bob"]}, "select": ["ID", "NAME"]}
QUERY = "filter[>ID]=5&filter[@NAME][]=Ann&filter[@NAME][]=Bob&select[0]=ID&select[1]=NAME"


def _boundary(fields: dict[str, str]) -> bytes:
    parts = [f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()]
    return "".join([*parts, "--x--\r\n"]).encode()


@pytest.mark.parametrize(
    ("query", "body", "content_type"),
    [
        (QUERY, b"", ""),
        ("", QUERY.encode(), FORM),
        ("", QUERY.replace("[", "%5B").replace("]", "%5D").replace(">", "%3E").encode(), FORM),
        ("", b'{"filter":{">ID":"5","@NAME":["Ann","Bob"]},"select":["ID","NAME"]}', "application/json; charset=utf-8"),
        (
            "",
            _boundary({"filter[>ID]": "5", "filter[@NAME][0]": "Ann", "filter[@NAME][1]": "Bob"})[:-7]
            + _boundary({"select[]": "ID"})[:-7]
            + _boundary({"select[1]": "NAME"}),
            "multipart/form-data; boundary=x",
        ),
    ],
    ids=["query", "form", "encoded form", "json", "multipart"],
)
def test_every_form_gives_the_same_tree(query: str, body: bytes, content_type: str) -> None:
    assert parse(query, body, content_type) == TREE


def test_the_body_wins_over_the_query() -> None:
    assert parse("start=50&order=ASC", b'{"start": 0}', "application/json") == {"start": 0, "order": "ASC"}


def test_keys_with_holes_stay_an_object() -> None:
    assert parse_query("cmd[0]=a&cmd[2]=b") == {"cmd": {"0": "a", "2": "b"}}


def test_an_appended_value_comes_after_the_highest_key() -> None:
    assert parse_query("a[5]=x&a[]=y") == {"a": {"5": "x", "6": "y"}}


def test_objects_are_appended_whole() -> None:
    assert parse_query("a[][b]=1&a[][b]=2") == {"a": [{"b": "1"}, {"b": "2"}]}


def test_a_later_spelling_of_a_key_replaces_the_earlier() -> None:
    assert parse_query("a=1&a[b]=2") == {"a": {"b": "2"}}
    assert parse_query("a[b]=2&a=1") == {"a": "1"}


def test_a_bare_equals_sign_in_a_key_spoils_it() -> None:
    assert parse_query("filter[>=ID]=5&start=0") == {"start": "0"}


def test_an_empty_value_is_kept() -> None:
    assert parse_query("filter[NAME]=") == {"filter": {"NAME": ""}}


def test_arguments_by_place_come_as_an_array_or_as_numbers() -> None:
    by_json = parse("", b'[8017, {"ID": "asc"}]', "application/json")
    assert by_json == {"0": 8017, "1": {"ID": "asc"}}
    assert parse("", b"0=8017&1[ID]=asc", FORM) == {"0": "8017", "1": {"ID": "asc"}}


@pytest.mark.parametrize("body", [b"", b"{", b"5", b"null"])
def test_a_body_that_is_no_object_counts_as_empty(body: bytes) -> None:
    assert parse("start=50", body, "application/json") == {"start": "50"}


def test_a_call_may_be_a_get(start_portal: Any) -> None:
    portal = start_portal()
    answer = portal.http.get(f"{portal.url}/rest/1/secret/user.get.json?FILTER[<%3DID]=1&ADMIN_MODE=true")
    assert [row["ID"] for row in answer.json()["result"]] == ["1"]


def test_names_of_methods_and_of_their_parameters_have_no_case(start_portal: Any) -> None:
    answer = start_portal().call("User.GET.JSON", {"filter": {"<=id": 1}, "admin_mode": "Y"})
    assert [row["ID"] for row in answer["result"]] == ["1"]


def test_an_answer_in_xml_is_refused(start_portal: Any) -> None:
    answer = start_portal().post("user.get.xml")
    assert (answer.status_code, answer.json()["error"]) == (400, "ERROR_CORE")


def test_the_secret_may_be_a_token_among_the_parameters(start_portal: Any) -> None:
    portal = start_portal()
    answers = [portal.http.post(f"{portal.url}/rest/server.time", data={"auth": auth}) for auth in ("secret", "x")]
    assert [answer.status_code for answer in answers] == [200, 401]
