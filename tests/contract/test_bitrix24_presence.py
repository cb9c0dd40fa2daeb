"""Which records a simulated portal has no more: none is taken for deleted that is only out of sight."""

import asyncio
from collections.abc import Collection, Iterator
from pathlib import Path

import httpx
import pytest

from shared.model.json import JsonObject
from tests.contract.simulated_portal import Copy, SimulatedPortal, simulated_portal

SECRET, OF_NOBODY = "s3cret-of-presence", "s3cret-of-a-plain-user"
SIZE = (
    *("--users", "90", "--departments", "6", "--groups", "30", "--tasks", "160", "--posts", "90"),
    *("--deals", "300", "--contacts", "200", "--companies", "120", "--smart-types", "2", "--smart-items", "60"),
    *("--workflows", "30"),
)
UNLIMITED = ("--rate", "0", "--operating-limit", "0")
LISTED = ("company", "contact", "deal", "smart_process_item", "task", "feed_post")
DELETABLE = ("company", "contact", "deal", "task", "group", "workflow_template")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPortal]:
    options = ("--webhook", f"1:{SECRET}", "--webhook", f"9:{OF_NOBODY}::noadmin", *SIZE, *UNLIMITED)
    with simulated_portal(Path(tmp_path_factory.mktemp("portal")), *options) as portal:
        yield portal


def _journal(portal: SimulatedPortal) -> list[JsonObject]:
    changes: list[JsonObject] = httpx.get(f"{portal.url}/__sim/journal").json()
    return changes


async def _copy(portal: SimulatedPortal, *entities: str) -> Copy:
    copy = Copy(portal.source(portal.webhook(SECRET)))
    await copy.fetch(*entities)
    return copy


async def _deleted(portal: SimulatedPortal, entity: str, among: Collection[str] = ()) -> set[str]:
    """People work until some of the entity are deleted (``among`` these, if any are named), and then stop."""
    gone: set[str] = set()
    while not gone:
        portal.switch(mutate=500)
        await asyncio.sleep(0.2)
        portal.switch(mutate=0)
        told = {str(one["id"]) for one in _journal(portal) if (one["entity"], one["what"]) == (entity, "deleted")}
        gone = told - {str(row.get("ID", row.get("id"))) for row in portal.truth(entity)}
        gone = gone.intersection(among) if among else gone
    return gone


@pytest.mark.parametrize("entity", LISTED)
async def test_a_list_shows_what_is_there_and_nothing_else(portal: SimulatedPortal, entity: str) -> None:
    copy = await _copy(portal, "smart_process_type", entity)
    ids = list(copy.rows_of(entity))
    strange = [f"{one}9999" for one in ids[:3]]
    assert await copy.source.shown(entity, [*ids, *strange]) == frozenset(ids)


@pytest.mark.parametrize("entity", DELETABLE)
async def test_what_was_deleted_is_gone_and_what_was_not_is_not(portal: SimulatedPortal, entity: str) -> None:
    deleted = await _deleted(portal, entity)
    copy = await _copy(portal, entity)
    there = list(copy.rows_of(entity))
    assert await copy.source.gone(entity, [*there, *deleted], copy) == deleted


async def test_a_task_that_is_only_hidden_is_not_gone(portal: SimulatedPortal) -> None:
    source = portal.source(portal.webhook(OF_NOBODY, user=9))
    assert await source.gone("task", ["1", "999999"], Copy(source)) == frozenset()


async def test_a_post_that_everybody_who_saw_it_misses_is_gone(portal: SimulatedPortal) -> None:
    before = await _copy(portal, "group", "department", "user", "feed_audience", "feed_post")
    known = set(before.rows_of("feed_post"))
    gone = await _deleted(portal, "feed_post", known)
    told = await before.source.gone("feed_post", sorted(known), Copy(before.source, before=before))
    assert gone <= told
    assert told.isdisjoint(await before.source.shown("feed_post", sorted(known)))


async def test_nobody_says_of_a_post_that_no_webhook_saw_whether_it_is_gone(portal: SimulatedPortal) -> None:
    copy = await _copy(portal)
    assert await copy.source.gone("feed_post", ["999999"], copy) == frozenset()


async def test_a_comment_that_was_deleted_is_gone_and_others_of_its_task_are_not(portal: SimulatedPortal) -> None:
    before = await _copy(portal, "task", "task_comment")
    known = set(before.rows_of("task_comment"))
    tasks = {str(row["task_id"]) for row in before.rows_of("task_comment").values()}
    gone = await _deleted(portal, "task_comment", {one for one in known if one.startswith("m")})
    after = Copy(before.source, before=before)
    there = {str(row["id"]) for row in portal.truth("task")}
    of_lost_tasks = {name for name, row in before.rows_of("task_comment").items() if str(row["task_id"]) not in there}
    assert tasks & there
    assert gone - of_lost_tasks <= await before.source.gone("task_comment", sorted(known), after)
    assert not await before.source.gone("task_comment", sorted(known - gone - of_lost_tasks), after)
