"""The control plane and the command line of the simulator."""

import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest

from lab.processes import ROOT
from lab.simulators.bitrix24.calls import Caller
from lab.simulators.bitrix24.faults import KINDS, PASSING
from lab.simulators.bitrix24.options import parse


def test_the_truth_of_an_unknown_entity_is_not_found(start_portal: Any) -> None:
    portal = start_portal()
    assert portal.http.get(f"{portal.url}/__sim/truth/unicorn").status_code == 404


def test_the_mode_shows_every_switch_and_no_secret(start_portal: Any) -> None:
    portal = start_portal()
    portal.mode(revoked=["secret"])
    shown = portal.http.get(f"{portal.url}/__sim/mode").json()
    assert shown == {
        "down": False,
        "overload": False,
        "throttle_status": 503,
        "revoked": 1,
        "faults": 0.0,
        "kinds": list(PASSING),
        "slow_ms": 1000.0,
        "mutate": 0.0,
        "ahead": 0.0,
    }


def test_a_switch_leaves_the_others_alone(start_portal: Any) -> None:
    portal = start_portal()
    portal.mode(faults=0.5, kinds=["all"])
    assert portal.mode(down=True) == portal.mode() | {"down": True, "faults": 0.5, "kinds": list(KINDS)}


WRONG_SWITCHES: list[Any] = [
    {"faults": 2},
    {"kinds": ["rain"]},
    {"throttle_status": 418},
    {"fautls": 0.1},
    {"revoked": [["s3cret"]]},
    [],
]


@pytest.mark.parametrize("wrong", WRONG_SWITCHES)
def test_a_wrong_switch_changes_nothing_and_says_what_is_wrong(start_portal: Any, wrong: Any) -> None:
    portal = start_portal()
    before = portal.mode()
    body = {"down": True, **wrong} if isinstance(wrong, dict) else wrong
    answer = portal.http.post(f"{portal.url}/__sim/mode", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert "s3cret" not in answer.text
    assert portal.mode() == before


def test_what_is_counted_can_be_read(start_portal: Any) -> None:
    portal = start_portal()
    portal.post("user.add")
    portal.batch({"a": "user.get", "b": "user.get"})
    counted = portal.look("stats")
    assert (counted["requests"], counted["writes"]) == (2, 1)
    assert counted["calls"] == {"user.add": 1, "user.get": 2}


def test_the_same_seed_makes_the_same_portal(start_portal: Any) -> None:
    first, second, other = (start_portal("--seed", seed).look("truth/user") for seed in ("3", "3", "4"))
    assert first == second != other


@pytest.mark.parametrize(
    "arguments",
    [
        ["--webhook", "s3cret"],
        ["--webhook", "x:s3cret"],
        ["--webhook", "1:s3cret:user:maybe"],
        ["--faults", "1.5"],
        ["--fault-kinds", "error_500,rain"],
        ["--rate", "-1"],
        ["--operating-limit", "nan"],
        ["--users", "0"],
        ["--groups", "many"],
        ["--port", "70000"],
        ["--throttle-status", "418"],
        ["--user", "5"],
    ],
)
def test_a_bad_option_is_explained_without_its_secret(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        parse(arguments)
    said = capsys.readouterr().err
    assert refused.value.code == 2
    assert arguments[0] in said
    assert "s3cret" not in said


def test_a_webhook_may_name_its_scopes_and_be_no_administrators() -> None:
    texts = ("1:a", "2:b:user,crm", "3:c::noadmin")
    admin, some, colleague = parse([part for text in texts for part in ("--webhook", text)]).webhooks
    assert some == Caller(2, "b", frozenset({"user", "crm"}), admin=True)
    assert admin.scopes == colleague.scopes > some.scopes
    assert not colleague.admin
    assert "secret='a'" not in repr(admin)


def test_a_page_books_what_it_sleeps_unless_told_otherwise() -> None:
    assert parse(["--page-ms", "20"]).operating_ms == 20
    assert parse(["--page-ms", "20", "--operating-ms", "0"]).operating_ms == 0


def test_a_port_that_is_taken_is_said_in_one_line(start_portal: Any) -> None:
    port = start_portal().url.rpartition(":")[2]
    command = [sys.executable, "-m", "lab.simulators.bitrix24", "--port", port]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert port in ended.stderr


def test_colleagues_do_so_many_things_at_once_and_say_what(start_portal: Any) -> None:
    portal = start_portal()
    told = portal.http.post(f"{portal.url}/__sim/work", json={"deeds": 30}).json()
    assert told == portal.look("journal")
    assert told


def test_nobody_does_less_than_one_thing(start_portal: Any) -> None:
    portal = start_portal()
    assert portal.http.post(f"{portal.url}/__sim/work", json={"deeds": 0}).status_code == 400


def test_the_portal_has_a_clock_of_its_own(start_portal: Any) -> None:
    portal = start_portal()
    before = datetime.fromisoformat(portal.call("server.time")["result"])
    portal.mode(ahead=-86_400)
    assert datetime.fromisoformat(portal.call("server.time")["result"]) < before - timedelta(hours=23)
