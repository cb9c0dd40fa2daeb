"""What a request to requeue names, and what it is told."""

import json
from typing import Any

import azure.functions as func
import pytest

from shared.engine.dead_letters.requeueing import Requeued, Selection
from shared.model.records import DeadLetter
from triggers.dead_letters import described, selection, told
from triggers.problems import Problem
from triggers.run_requests import RequeueBody, read_requeue_body


def read(body: Any) -> RequeueBody:
    return read_requeue_body(func.HttpRequest("POST", "http://localhost", body=json.dumps(body).encode()))


def test_the_id_that_a_list_shows_is_the_one_that_a_requeue_takes() -> None:
    letter = DeadLetter("r-1", "media_file", "disk/17", "media.gone", "it left", 2, None, "c-1")
    shown = described(letter)["id"]
    assert selection(read({"ids": [shown]})) == Selection((("r-1", "media_file", "disk/17"),))


def test_a_cause_may_be_narrowed_to_a_run() -> None:
    assert selection(read({"cause": "c-1", "run_id": "r-1"})) == Selection(cause="c-1", run_id="r-1")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"dry_run": True},
        {"ids": ["r-1/user/7"], "run_id": "r-1"},
        {"ids": []},
        {"ids": ["user 7"]},
        {"ids": ["r-1/user/"]},
        {"run_id": ""},
        {"run_id": "r-1", "dry_run": "yes"},
        {"run_id": "r-1", "all": True},
    ],
    ids=str,
)
def test_anything_else_is_not_valid(body: Any) -> None:
    with pytest.raises(Problem) as refused:
        selection(read(body))
    assert refused.value.code == "INVALID_REQUEST"


def test_the_status_url_is_that_of_the_run_that_takes_them_up() -> None:
    answer = told(Requeued(("r-1",), 3, 1, (("r-1", "user", "9"),)), "https://portage/api/runs/{}")
    assert answer == {
        "requeued": 3,
        "waiting": 1,
        "runs": ["r-1"],
        "status_url": "https://portage/api/runs/r-1",
        "unknown": ["r-1/user/9"],
    }


def test_without_a_run_there_is_no_status() -> None:
    assert told(Requeued(), "https://portage/api/runs/{}")["status_url"] is None
