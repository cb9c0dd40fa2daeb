"""A run of some entities of a plan: what comes along by itself, and what has to be asked for."""

import pytest

from shared.model.plan import Entity, Plan

PLAN = Plan(
    name="demo",
    title="",
    source="",
    target="",
    digest="",
    entities=(
        Entity("user"),
        Entity("chat", extract_after=("dialog",), requires=("user",)),
        Entity("message", extract_after=("chat",), requires=("chat",)),
        Entity("deal", described_by=("field",), requires=("user",), import_after=("chat",)),
        Entity("dialog", archive_only=True, also_after=("deal",)),
        Entity("field", archive_only=True, extract_after=("type",)),
        Entity("type", archive_only=True),
    ),
)


@pytest.mark.parametrize(
    ("chosen", "read"),
    [
        (("user",), ("user",)),
        (("chat",), ("chat", "dialog")),
        (("message",), ("message",)),
        (("deal", "user"), ("user", "deal", "field", "type")),
    ],
)
def test_what_is_only_archived_comes_along_with_what_is_read_by_it(
    chosen: tuple[str, ...], read: tuple[str, ...]
) -> None:
    assert PLAN.with_what_they_follow(chosen) == read


def test_a_parent_that_is_imported_itself_has_to_be_asked_for() -> None:
    assert PLAN.unread_parents(("message",)) == {"message": ["chat"]}
    assert PLAN.unread_parents(("chat", "message", "dialog")) == {}


def test_only_what_is_required_can_be_missing_not_what_is_merely_imported_before() -> None:
    assert PLAN.missing_requirements(("deal",)) == {"deal": ["user"]}
    assert PLAN.missing_requirements(("deal", "user")) == {}
