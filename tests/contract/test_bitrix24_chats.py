"""Chats and their messages, read from a simulated portal in a process of its own."""

from collections.abc import Iterator

import pytest

from shared.model.json import JsonObject
from shared.model.run import RunOptions
from tests.contract.simulated_portal import Copy, SimulatedPortal, simulated_portal

ADMIN, COLLEAGUE = "s3cret-of-the-admin", "s3cret-of-a-colleague"
_SIZES = ("--users", "60", "--groups", "12", "--deals", "120", "--contacts", "30", "--companies", "20")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPortal]:
    webhooks = ("--webhook", f"1:{ADMIN}", "--webhook", f"2:{COLLEAGUE}::noadmin")
    chats = ("--chats", "90", "--messages", "4000", "--tasks", "40")
    limits = ("--rate", "0", "--operating-limit", "0")
    with simulated_portal(tmp_path_factory.mktemp("portal"), *webhooks, *_SIZES, *chats, *limits) as portal:
        yield portal


async def _copy(portal: SimulatedPortal, *, private: bool = True, colleague: bool = True) -> Copy:
    urls = [portal.webhook(ADMIN), *([portal.webhook(COLLEAGUE, 2)] if colleague else [])]
    copy = Copy(portal.source(*urls), RunOptions(private_chats=private))
    await copy.fetch("group", "company", "contact", "deal")
    copy.read["smart_process_item"] = []
    await copy.fetch("dialog", "chat", "chat_message")
    return copy


def _visible(portal: SimulatedPortal, *users: int) -> dict[str, JsonObject]:
    """Chats with one of ``users`` in them."""
    return {str(chat["id"]): chat for chat in portal.truth("chat") if not set(users).isdisjoint(chat["members"])}


_OF_THE_READER = {"role", "dialog_id", "name", "counter", "mute_list"}


async def test_every_chat_that_some_webhook_takes_part_in_arrives_once_with_its_members(
    portal: SimulatedPortal,
) -> None:
    copy = await _copy(portal)
    chats, visible = copy.rows_of("chat"), _visible(portal, 1, 2)
    assert visible.keys() <= chats.keys()
    for chat_id, truth in visible.items():
        shown = {name: value for name, value in truth.items() if name not in _OF_THE_READER}
        assert {name: chats[chat_id][name] for name in shown} == shown


async def test_every_message_of_a_chat_arrives_once_down_to_the_oldest(portal: SimulatedPortal) -> None:
    portal.switch(faults=0.1)
    copy = await _copy(portal)
    portal.switch(faults=0.0)
    messages, chats = copy.rows_of("chat_message"), copy.rows_of("chat")
    truth = {str(one["id"]): one for one in portal.truth("chat_message") if str(one["chat_id"]) in chats}
    assert messages.keys() == truth.keys()
    assert max(chat["message_count"] for chat in chats.values()) > 150
    for message_id, one in truth.items():
        assert {**messages[message_id], "files": None} == {
            **one,
            "unread": messages[message_id]["unread"],
            "files": None,
        }


async def test_the_files_of_a_message_come_with_it(portal: SimulatedPortal) -> None:
    copy = await _copy(portal)
    named = {
        key: row["params"]["FILE_ID"]
        for key, row in copy.rows_of("chat_message").items()
        if row["params"] and row["params"].get("FILE_ID")
    }
    assert named
    assert {key: [one["id"] for one in copy.rows_of("chat_message")[key]["files"]] for key in named} == named


async def test_private_chats_are_left_out_unless_the_run_asks_for_them(portal: SimulatedPortal) -> None:
    copy = await _copy(portal, private=False)
    private = {key for key, chat in _visible(portal, 1, 2).items() if chat["type"] == "private"}
    assert private
    assert private.isdisjoint(copy.rows_of("chat"))
    assert not [row for row in copy.rows_of("dialog").values() if row["private"]]


async def test_a_chat_that_both_webhooks_show_names_both(portal: SimulatedPortal) -> None:
    copy = await _copy(portal)
    both = {key for key, chat in _visible(portal, 1).items() if 2 in chat["members"]}
    assert both
    assert all(set(copy.rows_of("chat")[key]["dialogs"]) == {"1", "2"} for key in both)


async def test_what_each_webhook_shows_is_counted(portal: SimulatedPortal) -> None:
    copy = await _copy(portal)
    chats, coverage = copy.rows_of("chat"), copy.coverage("chat")
    mine, theirs = ({key for key, chat in chats.items() if user in chat["dialogs"]} for user in "12")
    assert (coverage["seen_by 1"], coverage["seen_by 2"]) == (len(mine), len(theirs))
    assert (coverage["seen_only_by 1"], coverage["seen_only_by 2"]) == (len(mine - theirs), len(theirs - mine))
    assert theirs - mine


async def test_chats_of_records_are_found_though_the_webhook_takes_no_part_in_them(portal: SimulatedPortal) -> None:
    copy = await _copy(portal, colleague=False)
    bound = {str(chat["id"]) for chat in portal.truth("chat") if chat["entity_type"] == "CRM"}
    assert bound - _visible(portal, 1).keys()
    assert bound <= copy.rows_of("chat").keys()


async def test_messages_that_stay_arrive_while_people_write_edit_and_delete(portal: SimulatedPortal) -> None:
    """In chats, that is, which nobody whom a webhook belongs to leaves meanwhile."""
    portal.switch(mutate=200.0, faults=0.05)
    at_first, before = _visible(portal, 1, 2), {str(one["id"]) for one in portal.truth("chat_message")}
    copy = await _copy(portal)
    messages, chats = copy.rows_of("chat_message"), copy.rows_of("chat").keys()
    left, there = portal.truth("chat_message"), at_first.keys() & _visible(portal, 1, 2).keys() & chats
    after = {str(one["id"]) for one in left if str(one["chat_id"]) in there}
    assert len(there) > 20
    assert before & after <= messages.keys()


@pytest.mark.parametrize("entity", ["dialog", "chat", "chat_message"])
async def test_rows_are_made_again_of_the_archived_answers(portal: SimulatedPortal, entity: str) -> None:
    copy = await _copy(portal)
    assert copy.rebuilt(entity) == copy.rows_of(entity)
