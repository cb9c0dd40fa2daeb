"""What the survey makes of lists that a portal does not give."""

from collections.abc import Mapping

from connectors.bitrix24.families.crm import DEAL, items
from connectors.bitrix24.families.people import USERS
from connectors.bitrix24.listing import Listing
from connectors.bitrix24.surveying.counting import Counted
from connectors.bitrix24.surveying.effort import Extent
from connectors.bitrix24.surveying.sizing import Look
from shared.ports.surveys import EntitySize

REFUSED = Counted(problem="could not be asked: no such method")


def sized(name: str, counted: Mapping[str, Counted], parts: Mapping[str, tuple[Listing, Counted]]) -> EntitySize:
    look = Look((name,), 16, dict.fromkeys(counted, USERS), counted, {name: parts} if parts else {}, None, None)
    return look.sizes()[0]


def test_what_follows_a_list_that_cannot_be_asked_has_no_count_and_says_why() -> None:
    for name, parents in (("task_comment", "task"), ("smart_process_item", "smart_process_type")):
        size = sized(name, {parents: REFUSED}, {})
        assert (size.count, size.calls, size.note) == (None, None, f"{parents}: {REFUSED.problem}")


def test_items_of_which_no_type_can_be_asked_have_no_count() -> None:
    size = sized("smart_process_item", {"smart_process_type": Counted(Extent(1))}, {"31": (items(DEAL), REFUSED)})
    assert (size.count, size.note) == (None, f"31: {REFUSED.problem}")
