"""What changed at a simulated portal is read again, and little else."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.model.json import Json, JsonObject
from tests.contract.simulated_portal import Copy, SimulatedPortal, simulated_portal

SECRET = "s3cret-of-deltas"
SIZE = (
    *("--users", "120", "--departments", "6", "--groups", "8", "--tasks", "150", "--posts", "60", "--chats", "20"),
    *("--messages", "400", "--deals", "300", "--contacts", "100", "--companies", "60"),
    *("--smart-types", "2", "--smart-items", "60", "--workflows", "4"),
)
UNLIMITED = ("--rate", "0", "--operating-limit", "0")

BY_DATE_OF_CHANGE = ("user", "company", "contact", "deal", "smart_process_item", "task")
IN_ORDER = ("smart_process_type", *BY_DATE_OF_CHANGE)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPortal]:
    options = ("--webhook", f"1:{SECRET}", *SIZE, *UNLIMITED)
    with simulated_portal(Path(tmp_path_factory.mktemp("portal")), *options) as portal:
        yield portal


_FLEETING = (
    "urlMachine",
    "lastActivityTime",
    "activityDate",
    "commentsCount",
    "group",
    "creator",
    "responsible",
    "accomplicesData",
    "auditorsData",
)
"""Addresses that are signed anew, what others do beside a record, and names of others in it."""


def _lasting(value: Json) -> Any:
    """Without what is another every time it is asked for."""
    if isinstance(value, dict):
        return {name: _lasting(one) for name, one in value.items() if name not in _FLEETING}
    return [_lasting(one) for one in value] if isinstance(value, list) else value


async def _while_people_work(portal: SimulatedPortal, wanted: Mapping[str, int]) -> None:
    """Until so many records of these entities were added. Not all of them are where a webhook sees them."""
    known = len(_journal(portal))
    portal.switch(mutate=400)
    while True:
        await asyncio.sleep(0.2)
        added = Counter(one["entity"] for one in _journal(portal)[known:] if one["what"] == "added")
        if all(added[entity] >= count for entity, count in wanted.items()):
            break
    portal.switch(mutate=0)


def _journal(portal: SimulatedPortal) -> list[JsonObject]:
    changes: list[JsonObject] = httpx.get(f"{portal.url}/__sim/journal", timeout=60).json()
    return changes


async def _read(portal: SimulatedPortal, *entities: str) -> Copy:
    copy = Copy(portal.source(portal.webhook(SECRET)))
    await copy.fetch(*entities)
    return copy


async def _read_since(before: Copy, *entities: str, behind: float = 1.0) -> Copy:
    """What changed since ``before`` was read, asked for from a moment earlier."""
    now = await before.source.now()
    assert now is not None
    moment = now - timedelta(seconds=behind)
    return Copy(before.source, before=before, moments=dict.fromkeys(entities, moment), generation="delta")


def _deleted(portal: SimulatedPortal, entity: str) -> frozenset[str]:
    """Some may be restored, as they were."""
    return frozenset(str(one["id"]) for one in _journal(portal) if (one["entity"], one["what"]) == (entity, "deleted"))


@pytest.mark.parametrize("entity", BY_DATE_OF_CHANGE)
async def test_with_what_changed_a_copy_is_as_a_fresh_one(portal: SimulatedPortal, entity: str) -> None:
    before = await _read(portal, "smart_process_type", entity)
    delta = await _read_since(before, entity)
    await _while_people_work(portal, {})
    delta.missing = {entity: _deleted(portal, entity)}
    await delta.fetch("smart_process_type", entity)
    fresh = (await _read(portal, "smart_process_type", entity)).rows_of(entity)
    together = before.rows_of(entity) | delta.rows_of(entity)
    assert _lasting({name: row for name, row in together.items() if name in fresh}) == _lasting(fresh)


@pytest.mark.parametrize("entity", BY_DATE_OF_CHANGE)
async def test_where_nothing_changed_nothing_is_read(portal: SimulatedPortal, entity: str) -> None:
    await asyncio.sleep(1.1)  # the portal's clock has whole seconds
    before = await _read(portal, "smart_process_type", entity)
    delta = await _read_since(before, entity, behind=0)
    await delta.fetch("smart_process_type", entity)
    assert delta.rows_of(entity) == {}


async def test_what_was_gone_and_is_there_again_is_read_though_it_did_not_change(portal: SimulatedPortal) -> None:
    before = await _read(portal, "deal")
    some = sorted(before.rows_of("deal"))[:3]
    await asyncio.sleep(1.1)
    delta = await _read_since(before, "deal", behind=0)
    delta.missing = {"deal": frozenset({*some, "999999"})}
    await delta.fetch("deal")
    assert sorted(delta.rows_of("deal")) == some


async def test_tasks_that_are_gone_are_not_asked_for_news(portal: SimulatedPortal) -> None:
    before = await _read(portal, "task", "task_comment")
    delta = await _read_since(before, "task", "task_comment", behind=0)
    delta.missing = {"task": frozenset(before.rows_of("task"))}
    await delta.fetch("task", "task_comment")
    assert delta.coverage("task_comment")["tasks_swept"] == 0


PEOPLE = ("department", "user", "group")
MESSENGER = (*PEOPLE, "company", "contact", "deal", "smart_process_type", "smart_process_item", "dialog", "chat")
FEED = (*PEOPLE, "feed_audience", "feed_post", "feed_comment")
CHANGING = (
    *("user", "company", "contact", "deal", "smart_process_item", "dialog", "chat", "chat_message"),
    *("feed_audience", "feed_post", "feed_comment", "task", "task_comment"),
)


async def _twice(portal: SimulatedPortal, *entities: str, new: Mapping[str, int]) -> tuple[Copy, Copy]:
    """All of it, and after people worked for a while what changed since."""
    before = await _read(portal, *entities)
    delta = await _read_since(before, *(one for one in entities if one in CHANGING))
    await _while_people_work(portal, new)
    delta.missing = {"task": _deleted(portal, "task")}
    await delta.fetch(*entities)
    return before, delta


def _made(rows: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    return {name: row for name, row in rows.items() if name not in known}


async def test_new_messages_of_known_chats_are_found(portal: SimulatedPortal) -> None:
    before, delta = await _twice(portal, *MESSENGER, "chat_message", new={"chat_message": 100})
    fresh = (await _read(portal, *MESSENGER, "chat_message")).rows_of("chat_message")
    new = _made(fresh, before.rows_of("chat_message"))
    assert new
    assert new.keys() <= delta.rows_of("chat_message").keys()


async def test_of_chats_without_news_nothing_is_read(portal: SimulatedPortal) -> None:
    await asyncio.sleep(1.1)
    before = await _read(portal, *MESSENGER, "chat_message")
    delta = await _read_since(before, *(one for one in MESSENGER if one in CHANGING), "chat_message", behind=0)
    await delta.fetch(*MESSENGER, "chat_message")
    assert delta.rows_of("chat_message") == {}


async def test_a_chat_that_is_new_to_us_is_read_to_its_oldest_message(portal: SimulatedPortal) -> None:
    before = await _read(portal, *MESSENGER, "chat_message")
    chat = next(page for page in before.read["chat"] if page.records).records[0].id
    for page, old in enumerate(before.read["chat"]):
        before.read["chat"][page] = replace(old, records=tuple(one for one in old.records if one.id != chat))
    delta = await _read_since(before, *(one for one in MESSENGER if one in CHANGING), "chat_message", behind=10**8)
    await delta.fetch(*MESSENGER, "chat_message")
    fresh = [one for one in before.rows_of("chat_message").values() if str(one["chat_id"]) == chat]
    assert {str(one["id"]) for one in fresh} <= delta.rows_of("chat_message").keys()


async def test_new_posts_and_comments_are_found_with_their_audience(portal: SimulatedPortal) -> None:
    before, delta = await _twice(portal, *FEED, new={"feed_post": 10, "feed_comment": 20})
    fresh = await _read(portal, *FEED)
    for entity in ("feed_post", "feed_comment"):
        new = _made(fresh.rows_of(entity), before.rows_of(entity))
        assert new
        assert {name: delta.rows_of(entity)[name] for name in new} == new


async def test_comments_of_tasks_that_did_not_change_are_found(portal: SimulatedPortal) -> None:
    before, delta = await _twice(portal, "task", "task_comment", new={"task_comment": 20})
    fresh = (await _read(portal, "task", "task_comment")).rows_of("task_comment")
    new = _made(fresh, before.rows_of("task_comment"))
    quiet = {name for name, row in new.items() if row["task_id"] not in delta.rows_of("task")}
    assert quiet
    assert {name: delta.rows_of("task_comment")[name] for name in new} == new


async def test_a_portal_where_nothing_happens_costs_few_calls(portal: SimulatedPortal) -> None:
    await asyncio.sleep(1.1)
    entities = (
        *dict.fromkeys((*MESSENGER, "chat_message", *FEED, "task", "crm_category", "crm_status", "custom_field")),
    )
    before = await _read(portal, *entities)
    delta = await _read_since(before, *(one for one in entities if one in CHANGING), behind=0)
    known = portal.stats()["requests"]
    await delta.fetch(*entities)
    assert portal.stats()["requests"] - known < 60


async def test_what_was_gone_and_changed_as_well_is_read_once(portal: SimulatedPortal) -> None:
    before = await _read(portal, "deal")
    some = sorted(before.rows_of("deal"))[:3]
    delta = await _read_since(before, "deal", behind=10**9)
    delta.missing = {"deal": frozenset(some)}
    await delta.fetch("deal")
    assert delta.rows_of("deal").keys() >= set(some)
