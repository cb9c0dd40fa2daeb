"""Records that change while somebody reads them, and the journal of it."""

import random
import time
from typing import Any

import pytest

from lab.simulators.bitrix24.people.data import People, Size, populate

SMALL = ("--users", "60", "--departments", "4", "--groups", "60")


@pytest.fixture
def people() -> People:
    return populate(Size(users=30, departments=3, groups=12))


def _work(people: People, deeds: int = 400) -> list[Any]:
    chance = random.Random(3)
    return [change for _ in range(deeds) for change in people.mutate(chance)]


def _seen(people: People, entity: str) -> dict[str, Any]:
    return {row["ID"]: row for row in people.truth(entity)}


def test_the_journal_tells_the_whole_difference(people: People) -> None:
    before = {entity: _seen(people, entity) for entity in ("user", "group")}
    changes = _work(people)
    for entity, old in before.items():
        new = _seen(people, entity)
        told = {(change.id, change.what) for change in changes if change.entity == entity}
        assert {number for number, what in told if what == "added"} >= new.keys() - old.keys()
        assert {number for number, what in told if what == "deleted"} >= old.keys() - new.keys()
        differing = {number for number in old.keys() & new.keys() if old[number] != new[number]}
        assert {number for number, what in told if what == "changed"} >= differing


def test_users_are_added_changed_and_dismissed_but_never_deleted(people: People) -> None:
    before = _seen(people, "user")
    changes = _work(people)
    after = _seen(people, "user")
    assert {change.what for change in changes if change.entity == "user"} == {"added", "changed"}
    assert before.keys() < after.keys()
    assert any(row["ACTIVE"] and not after[number]["ACTIVE"] for number, row in before.items())


def test_the_id_of_a_deleted_group_is_not_used_again(people: People) -> None:
    changes = [change for change in _work(people) if change.entity == "group"]
    added = [change.id for change in changes if change.what == "added"]
    assert len(added) == len(set(added))
    assert any(change.what == "deleted" for change in changes)


def test_lists_stay_in_the_order_of_ids(people: People) -> None:
    _work(people)
    for table in (people.users, people.groups):
        assert table.ids == sorted(table.ids) == [int(row["ID"]) for row in table.rows]


def test_an_answer_that_was_given_does_not_change_afterwards(people: People) -> None:
    given = people.users.select({}, descending=False)
    copies = [dict(row) for row in given]
    _work(people)
    assert given == copies


def test_nothing_changes_unless_asked_for(start_portal: Any) -> None:
    assert start_portal(*SMALL).look("journal") == []


def test_records_change_while_the_portal_runs_until_it_is_told_to_stop(start_portal: Any) -> None:
    portal = start_portal(*SMALL, "--mutate", "500")
    began = time.time()
    deadline = time.monotonic() + 10
    while len(portal.look("journal")) < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    portal.mode(mutate=0)
    journal = portal.look("journal")
    assert all(one.keys() == {"entity", "id", "what", "at"} for one in journal)
    assert all(began - 60 < one["at"] <= time.time() for one in journal)
    assert portal.look("journal") == journal


def test_the_truth_is_the_current_state(start_portal: Any) -> None:
    portal = start_portal(*SMALL)
    portal.mode(mutate=1000)
    deadline = time.monotonic() + 10
    while not any(one["what"] == "deleted" for one in portal.look("journal")) and time.monotonic() < deadline:
        time.sleep(0.02)
    portal.mode(mutate=0)
    gone = {one["id"] for one in portal.look("journal") if (one["entity"], one["what"]) == ("group", "deleted")}
    assert gone
    assert not gone & {row["ID"] for row in portal.look("truth/group")}


def test_what_changed_is_found_by_its_date(start_portal: Any) -> None:
    portal = start_portal(*SMALL)
    since = portal.call("server.time")["result"]
    portal.mode(mutate=200)
    deadline = time.monotonic() + 10
    while {one["entity"] for one in portal.look("journal")} < {"user", "group"} and time.monotonic() < deadline:
        time.sleep(0.02)
    portal.mode(mutate=0)
    still_there = {row["ID"] for row in portal.look("truth/group")}
    changed = {one["id"] for one in portal.look("journal") if one["entity"] == "user"}
    regrouped = {one["id"] for one in portal.look("journal") if one["entity"] == "group"} & still_there
    users = portal.call("user.get", {"FILTER": {">=TIMESTAMP_X": since}, "ADMIN_MODE": True})["result"]
    groups = portal.call("sonet_group.get", {"FILTER": {">=DATE_UPDATE": since}, "IS_ADMIN": "Y"})["result"]
    assert {row["ID"] for row in users} == changed
    assert {row["ID"] for row in groups} <= regrouped  # who joins or leaves does not move a group's date
    assert portal.call("user.get", {"FILTER": {">=TIMESTAMP_X": "yesterday"}})["result"] == []
