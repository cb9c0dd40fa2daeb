"""People work on while a portal is moved: deltas bring what they did, and the cutover tells when all of it is there."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from lab.api import ENDED, Api, Json
from lab.proof import compare
from lab.system import UNLIMITED, System

_PORTAL = replace(
    UNLIMITED,
    users=20,
    departments=3,
    groups=5,
    tasks=12,
    posts=10,
    chats=5,
    messages=30,
    deals=30,
    contacts=15,
    companies=10,
)
_SOME = ("department", "user", "group", "task", "company", "contact", "deal")
"""Entities of the first delta; the final one brings what it left out."""

_LONG_AGO = "2000-01-01T00:00:00Z"
_PLAN = "/plans/bitrix24_onprem"

_MEDIA = "media"
"""Files stay at the target: the import contract has no way to delete them."""


class Story:
    """A portal where people work during the baseline and the first delta, the final one, and a cutover."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.api: Api = system.api()
        self.runs: dict[str, Json] = {}
        self.runs["baseline"] = self._run_while_people_work("full")
        self.runs["first"] = self._run_while_people_work("delta", entities=_SOME)
        self.told_only = {name: self._gone(name) for name in ("task", "company", "group")}
        self._act("start", note="mail went out")
        self.no_go = self.api.post(f"{_PLAN}/cutover", {"action": "switch"})
        self.runs["final"] = self._run("delta", since=_LONG_AGO, options={"apply_deletes": True})
        self._act("link", about=self.runs["final"]["run_id"])
        self.runs["proof"] = self._run("validate")
        self.linked = self._act("link", about=self.runs["proof"]["run_id"])

    def _run_while_people_work(self, mode: str, **request: Any) -> Json:
        run_id = self.api.start(mode, **request)
        for _ in range(4):
            httpx.post(f"{self.system.portal_url}/__sim/work", json={"deeds": 15}).raise_for_status()
            time.sleep(0.5)
        return self._ended(run_id)

    def _run(self, mode: str, **request: Any) -> Json:
        return self._ended(self.api.start(mode, **request))

    def _ended(self, run_id: str) -> Json:
        """Looks once a second: who asks more often keeps the host from its work."""
        deadline = time.monotonic() + 180
        while (status := self.api.run(run_id))["state"] not in ENDED:
            assert time.monotonic() < deadline, status
            time.sleep(1)
        return status

    def _act(self, action: str, **more: str) -> Json:
        answer = self.api.post(f"{_PLAN}/cutover", {"action": action, **more})
        told: Json = answer.json()
        assert answer.is_success, told
        return told

    def _gone(self, entity: str) -> int:
        return int(self.runs["first"]["entities"][entity]["deleted_at_source"]["gone"])


@pytest.fixture(scope="module")
def story(start_shared_system: Callable[..., System]) -> Story:
    return Story(start_shared_system(_PORTAL))


def test_in_the_end_the_target_is_as_the_source_field_by_field(story: Story) -> None:
    compared = {one.name: one.differences for one in compare(story.system)}
    assert {name: found for name, found in compared.items() if found and name != _MEDIA} == {}


def test_what_was_deleted_is_told_before_anybody_asks_for_its_deletion(story: Story) -> None:
    assert sum(story.told_only.values()) > 0
    assert all(one["deleted_at_source"]["deleted"] == 0 for one in story.runs["first"]["entities"].values())


def test_the_final_delta_deletes_what_the_source_has_no_more(story: Story) -> None:
    final = story.runs["final"]["entities"]
    told = [one["deleted_at_source"] for one in final.values()]
    assert sum(one["deleted"] for one in told) > 0
    assert [one for one in told if one["held"] or one["kept"]] == []


def test_nobody_switches_before_the_last_delta_is_in(story: Story) -> None:
    assert story.no_go.status_code == httpx.codes.CONFLICT
    assert "no delta" in story.no_go.json()["detail"]


def test_the_sheet_names_the_final_delta_and_the_comparison(story: Story) -> None:
    lines = {line["check"]: line for line in story.linked["sheet"]}
    assert story.runs["final"]["run_id"] in lines["final_delta"]["detail"]
    assert story.runs["proof"]["run_id"] in lines["proof"]["detail"]


def test_no_secret_is_in_the_checklist(story: Story) -> None:
    told = str(story.linked)
    assert "webhook-1" in told
    assert [secret for secret in story.system.keys.all() if secret in told] == []
