"""Where the command line looks for the API and its key."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from cli.connection import Connection, Setting, find_connection
from tests.unit.api_stand_in import KEY, StandIn, connected, portage

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn({"GET /api/plans": [(200, [])]}) as stand_in:
        yield stand_in


def port(api: StandIn) -> str:
    return api.url.rpartition(":")[2]


def test_the_option_wins_over_the_environment(api: StandIn) -> None:
    assert portage("--url", api.url, "plans", env={**connected(api), "PORTAGE_URL": NOWHERE}).exit_code == 0


def test_requests_say_who_asks(api: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "Анна Б")
    assert portage("plans", env=connected(api)).exit_code == 0
    assert unquote(api.requests[-1].headers["x-portage-actor"]) == "Анна Б"


def test_the_token_of_a_person_goes_along_with_the_key(api: StandIn) -> None:
    assert portage("plans", env={**connected(api), "PORTAGE_ACCESS_TOKEN": "eyJ.token"}).exit_code == 0
    assert api.requests[-1].headers["Authorization"] == "Bearer eyJ.token"


def test_a_refusal_tells_that_the_token_may_have_expired_and_not_the_token(api: StandIn) -> None:
    result = portage("plans", env={**connected(api, key="wrong"), "PORTAGE_ACCESS_TOKEN": "eyJ.token"})
    assert (result.exit_code, "PORTAGE_ACCESS_TOKEN" in result.stderr, "eyJ" in result.output) == (6, True, False)


def test_a_token_that_no_header_can_hold_is_a_usage_error(api: StandIn) -> None:
    result = portage("plans", env={**connected(api), "PORTAGE_ACCESS_TOKEN": "two\nlines"})
    assert (result.exit_code, "PORTAGE_ACCESS_TOKEN" in result.stderr, "lines" in result.stderr.split()) == (
        2,
        True,
        False,
    )


def test_the_options_may_stand_behind_the_command(api: StandIn) -> None:
    assert portage("plans", f"--url={api.url}", env={"PORTAGE_FUNCTION_KEY": KEY}).exit_code == 0


def test_the_url_wins_over_the_port(api: StandIn) -> None:
    assert portage("plans", env={**connected(api), "PORTAGE_PORT": "1"}).exit_code == 0


def test_a_port_is_one_of_this_machine(api: StandIn) -> None:
    assert portage("plans", env={"PORTAGE_PORT": port(api), "PORTAGE_FUNCTION_KEY": KEY}).exit_code == 0


def test_what_make_serve_left_is_enough(api: StandIn, tmp_path: Path) -> None:
    (tmp_path / "serve.json").write_text(json.dumps({"url": api.url, "pid": 1}), "utf-8")
    (tmp_path / "function-key").write_text(f"{KEY}\n", "ascii")
    assert portage("plans", env={"PORTAGE_DATA_DIR": str(tmp_path)}).exit_code == 0


def test_the_port_wins_over_what_make_serve_left(api: StandIn, tmp_path: Path) -> None:
    (tmp_path / "serve.json").write_text(json.dumps({"url": NOWHERE}), "utf-8")
    env = {"PORTAGE_PORT": port(api), "PORTAGE_DATA_DIR": str(tmp_path), "PORTAGE_FUNCTION_KEY": KEY}
    assert portage("plans", env=env).exit_code == 0


@pytest.mark.parametrize("content", ["", "[]", "{", '{"url": null}'])
def test_a_broken_serve_json_counts_as_none(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "serve.json").write_text(content, "utf-8")
    for name in ("PORTAGE_URL", "PORTAGE_PORT", "PORTAGE_FUNCTION_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORTAGE_DATA_DIR", str(tmp_path))
    assert find_connection(None, None) == Connection(Setting("http://127.0.0.1:7071", "default"), None)


def test_a_key_file_wins_over_the_environment(api: StandIn, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY, "ascii")
    env = connected(api, key="an-old-one")
    assert portage("--key-file", str(tmp_path / "key"), "plans", env=env).exit_code == 0


def test_a_missing_key_file_is_a_usage_error(api: StandIn, tmp_path: Path) -> None:
    result = portage("--key-file", str(tmp_path / "none"), "plans", env=connected(api))
    assert (result.exit_code, "--key-file" in result.stderr) == (2, True)


@pytest.mark.parametrize("key", ["two\nlines", "with space", "ключ"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(api: StandIn, key: str) -> None:
    result = portage("plans", env=connected(api, key=key))
    assert (result.exit_code, key in result.output, api.requests) == (2, False, [])


def test_a_url_with_the_key_in_it_is_refused_without_showing_it(api: StandIn) -> None:
    result = portage("plans", "--url", f"{api.url}/api?code={KEY}")
    assert (result.exit_code, KEY in result.output, api.requests) == (2, False, [])


@pytest.mark.parametrize(
    "url", ["localhost:7071", "ftp://host", "http://", "http://host:none", "http://a..b", "http://[::1"]
)
def test_an_address_that_is_none_is_a_usage_error(url: str) -> None:
    assert portage("plans", "--url", url).exit_code == 2


def test_the_address_may_end_in_api(api: StandIn) -> None:
    assert portage("plans", "--url", f"{api.url}/api/", env=connected(api)).exit_code == 0


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(api: StandIn) -> None:
    assert portage("plans", env={**connected(api), "HTTP_PROXY": NOWHERE, "NO_PROXY": ""}).exit_code == 0
