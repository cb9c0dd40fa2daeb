"""Runs of a real host are undone: the later one, then, through the death of the host, everything; and run again."""

import json
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from lab.api import Api, Json
from lab.proof import compare
from lab.system import UNLIMITED, System
from tests.e2e.test_the_command_line_on_a_system import Ended, command

_PORTAL = replace(UNLIMITED, users=30, departments=5, groups=5, tasks=20, companies=10, contacts=10, deals=15)
_ENTITIES = ("media_file", "department", "user", "group", "task", "company", "contact", "deal")
"""What refers to what in all ways that there are; undos of the whole plan are tried on the gateway alone."""

_FILES = "media_file"
_READ_AT_ONCE = 100

Held = dict[tuple[str, str], Json]


@dataclass(frozen=True, slots=True)
class Story:
    """What the target held after each step, and what was said of it."""

    system: System
    after_first: Held
    after_second: Held
    explained: dict[str, Json]
    unknown: tuple[int, str]
    unconfirmed: tuple[int, str]
    second_undone: Ended
    after_undo_of_second: Held
    after_undo_of_all: Held
    all_undone: Json
    left: list[Json]
    third: Json


@pytest.fixture(scope="module")
def story(start_shared_system: Callable[..., System]) -> Story:
    system = start_shared_system(_PORTAL)
    with closing(system.api()) as api:
        first = api.wait(api.start(entities=_ENTITIES))
        after_first = held(system)
        busy_week(system)
        second = api.wait(api.start(entities=_ENTITIES))
        after_second = held(system)
        explained = {entity: explanation(api, system, entity) for entity in ("task", "user", "deal")}
        unknown = problem(api.get("/records/bitrix24_onprem/task/999999"))
        unconfirmed = problem(api.post(f"/runs/{first['run_id']}/rollback", {"token": "1-made-up"}))
    second_undone = command(system, "rollback", second["run_id"], "--yes")
    after_undo_of_second = held(system)
    all_undone = undone_through_a_kill(system, first["run_id"])
    after_undo_of_all = held(system)
    with closing(system.api(1)) as api:
        left = api.get(f"/runs/{first['run_id']}/rollback?limit=1000").raise_for_status().json()["items"]
        third = api.wait(api.start(entities=_ENTITIES))
    return Story(
        system,
        after_first,
        after_second,
        explained,
        unknown,
        unconfirmed,
        second_undone,
        after_undo_of_second,
        after_undo_of_all,
        all_undone,
        left,
        third,
    )


def held(system: System) -> Held:
    """Every record of the target, as it is."""
    found: Held = {}
    for entity in _ENTITIES[1:]:
        place: str | None = ""
        ids: list[str] = []
        while place is not None:
            page = system.gateway("import.list", {"entity": entity, "after": place})
            ids += [one["source_id"] for one in page["items"]]
            place = page["next"]
        for start in range(0, len(ids), _READ_AT_ONCE):
            asked = {"entity": entity, "source_ids": ids[start : start + _READ_AT_ONCE]}
            found |= {(entity, one["source_id"]): one for one in system.gateway("import.read", asked)["items"]}
    return found


def explanation(api: Api, system: System, entity: str) -> Json:
    """That of the first record of an entity."""
    first = system.gateway("import.list", {"entity": entity, "after": "", "limit": 1})["items"][0]
    told: Json = api.get(f"/records/bitrix24_onprem/{entity}/{first['source_id']}").raise_for_status().json()
    return told


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["code"])


def busy_week(system: System) -> None:
    """Colleagues add and change things, until there is something of it in several entities."""
    mode = f"{system.portal_url}/__sim/mode"
    httpx.post(mode, json={"mutate": 100}).raise_for_status()
    deadline = time.monotonic() + 30
    while len({one["entity"] for one in system.journal()}) < 4 or len(system.journal()) < 30:
        assert time.monotonic() < deadline, system.journal()
        time.sleep(0.05)
    httpx.post(mode, json={"mutate": 0}).raise_for_status()


def undone_through_a_kill(system: System, run_id: str) -> Json:
    """The run's final status after its rollback, in the midst of which the only host was killed."""
    with closing(system.api()) as api:
        confirmed(api, run_id)
        deadline = time.monotonic() + 60
        while count(system, "deal"):
            assert time.monotonic() < deadline, api.run(run_id)
            time.sleep(0.02)
        system.hosts[0].kill()
    assert count(system, "user")
    system.start_host()
    with closing(system.api(1)) as api:
        return api.wait(run_id)


def confirmed(api: Api, run_id: str) -> None:
    preview = api.post(f"/runs/{run_id}/rollback").raise_for_status().json()
    begun = api.post(f"/runs/{run_id}/rollback", {"token": preview["token"]})
    assert begun.status_code == httpx.codes.ACCEPTED, begun.text


def count(system: System, entity: str) -> int:
    return int(system.gateway("import.count", {"entity": entity})["count"])


def test_the_second_run_changed_the_target(story: Story) -> None:
    changed = [one for one, record in story.after_first.items() if story.after_second[one] != record]
    assert changed
    assert story.after_second.keys() > story.after_first.keys()


def test_a_record_is_explained_from_the_portal_to_the_target(story: Story) -> None:
    for entity, told in story.explained.items():
        assert told["steps"], entity
        assert (told["target"]["found"], told["target"]["same"]) == (True, True), told["target"]
        assert told["target"]["target_id"] == told["id_map"]["target_id"]
        assert len(told["history"]) == 2, entity


def test_a_record_that_nobody_read_is_unknown(story: Story) -> None:
    assert story.unknown == (404, "UNKNOWN_RECORD")


def test_nothing_is_undone_without_the_right_token(story: Story) -> None:
    assert story.unconfirmed == (409, "TOKEN_STALE")


def test_undoing_the_second_run_leaves_the_target_as_it_was_before_it(story: Story) -> None:
    assert story.after_undo_of_second == story.after_first


def test_the_command_says_what_was_undone(story: Story) -> None:
    lines = story.second_undone.lines
    assert story.second_undone.exit_code in (0, 3), story.second_undone.errors
    assert any(line.startswith("rolled back: ") and " restored, " in line for line in lines), lines


def test_undoing_everything_leaves_nothing_though_the_host_is_killed(story: Story) -> None:
    assert story.all_undone["state"] == "rolled_back"
    assert story.after_undo_of_all == {}


def test_what_stays_is_listed_with_its_reason(story: Story) -> None:
    files = story.system.gateway("import.media.list", {"after": "", "limit": 1000})["items"]
    assert files
    assert {(one["entity"], one["outcome"], one["reason"]) for one in story.left} == {(_FILES, "kept", "NOT_OFFERED")}
    assert story.all_undone["rollback"]["entities"][_FILES]["kept"] == len(story.left)


def test_a_run_after_it_brings_everything_again(story: Story) -> None:
    assert story.third["state"] == "completed"
    differences = {one.name: one.differences for one in compare(story.system) if one.name in _ENTITIES}
    assert differences == {name: [] for name in _ENTITIES[1:]}


def test_nothing_was_written_to_the_portal(story: Story) -> None:
    assert story.system.stats()["writes"] == 0


def test_who_asked_and_what_came_of_it_is_kept(story: Story) -> None:
    actions: list[dict[str, Any]] = story.all_undone["actions"]
    assert [one["action"] for one in actions] == ["rollback", "rolled_back"], json.dumps(actions)
    assert actions[1]["deleted"] == len(story.after_first)
