"""How much there is in the portal of the demo."""

import pytest

from lab.demo.__main__ import portal_of
from lab.simulators.bitrix24.options import parse


def test_the_portal_has_something_of_every_entity() -> None:
    size = parse(portal_of([]).arguments()).size
    entities = "tasks posts chats messages workflows deals contacts companies smart_types smart_items"
    assert not [name for name in entities.split() if not getattr(size, name)]


def test_a_quick_look_is_at_people_alone() -> None:
    portal = portal_of(["--quick"])
    assert (portal.users, portal.tasks, portal.deals) == (2_000, 0, 0)


@pytest.mark.parametrize("first", [[], ["--quick"]])
def test_every_size_can_be_chosen(first: list[str]) -> None:
    portal = portal_of([*first, "--users", "7", "--smart-items", "3"])
    assert (portal.users, portal.smart_items) == (7, 3)
