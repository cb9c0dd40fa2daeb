"""The proof expects what a run can see, no more and no less, and tells how much that leaves out."""

import pytest

from lab.proof import Compared, compare
from tests.unit.lab.small_portal import PLAN, SCAN, SmallPortal


def compared(portal: SmallPortal, *asked: str) -> dict[str, Compared]:
    return {one.name: one for one in compare(portal, frozenset(asked))}


@pytest.fixture
def portal() -> SmallPortal:
    return SmallPortal()


@pytest.mark.parametrize(
    ("entity", "counted"),
    [
        ("user", {"placeholders": 1}),
        ("chat", {"left out by visibility": 2}),
        ("chat_message", {"left out by visibility": 1}),
        ("feed_post", {"left out by visibility": 2}),
        ("feed_comment", {"left out, the author being gone": 1, "texts withheld": 1}),
        ("task", {}),
    ],
)
def test_what_cannot_be_seen_is_counted(portal: SmallPortal, entity: str, counted: dict[str, int]) -> None:
    assert compared(portal)[entity].counted == counted


@pytest.mark.parametrize(
    ("option", "entity", "source_id"), [("private_chats", "chat", "6"), ("private_posts", "feed_post", "2")]
)
def test_what_the_run_asked_for_is_expected(portal: SmallPortal, option: str, entity: str, source_id: str) -> None:
    assert f"{source_id} did not arrive" in compared(portal, option)[entity].differences


def test_files_of_tasks_are_expected_when_the_run_asked_for_them(portal: SmallPortal) -> None:
    assert any("1.media_ids" in one for one in compared(portal, "task_files")["task"].differences)


def test_files_of_tasks_and_their_checklists_are_recognised(portal: SmallPortal) -> None:
    portal.keep("m-plan", PLAN)
    portal.keep("m-scan", SCAN)
    portal.records["task"]["1"]["media_ids"] = ["m-plan", "m-scan"]
    assert not any(one.differences for one in compared(portal, "task_files").values())


def test_what_was_private_should_not_be_there(portal: SmallPortal) -> None:
    portal.records["chat"]["6"] = portal.records["chat"]["5"] | {"type": "private", "title": None}
    assert compared(portal)["chat"].differences == ["6 should not be there"]


def test_a_text_that_nobody_could_read_should_not_be_there(portal: SmallPortal) -> None:
    portal.records["feed_comment"]["2"]["body_html"] = "нет"
    assert compared(portal)["feed_comment"].differences == ["2.body_html: expected None, found 'нет'"]


def test_a_file_that_the_webhook_may_not_read_is_not_expected(portal: SmallPortal) -> None:
    portal.denied = frozenset({"31"})
    portal.records["feed_post"]["1"] |= {"media_ids": [], "body_html": "Смотри [file n7] и [file 31]"}
    del portal.media["m-drawing"]
    assert not any(one.differences for one in compared(portal).values())


def test_an_entity_that_the_plan_only_keeps_is_skipped_with_a_remark(portal: SmallPortal) -> None:
    portal.archived = frozenset({"workflow_template"})
    portal.records["workflow_template"] = {}
    found = compared(portal)["workflow_template"]
    assert (found.remark, found.differences) == ("is read and kept, and not written to the target", [])


def test_entities_of_which_there_is_nothing_are_not_told(portal: SmallPortal) -> None:
    portal.rows["workflow_template"] = []
    portal.records["workflow_template"] = {}
    assert "workflow_template" not in compared(portal)
