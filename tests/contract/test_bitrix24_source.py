"""The Bitrix24 source before a simulated portal in a process of its own, which stumbles on purpose."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import TypeVar

import pytest

from connectors.bitrix24.portal import Bitrix24Source
from connectors.bitrix24.transport import Access, Transport
from shared.http.backoff import Backoff
from shared.http.client import HttpClient
from shared.model.errors import EntityStopped, RetryLater, RunStopped, SlowDown
from shared.model.json import JsonObject
from shared.model.records import SourceRecord
from tests.contract.simulated_portal import SimulatedPortal, simulated_portal
from tests.unit.bitrix24_stand_in import NothingYet, OpenBudget, fetcher

SECRET = "s3cret-of-the-portal"
NARROW = "s3cret-of-few-scopes"
ENTITIES = ("department", "user", "group")

Answered = TypeVar("Answered")


def _portal(tmp_path_factory: pytest.TempPathFactory, *options: str) -> Iterator[SimulatedPortal]:
    webhooks = ("--webhook", f"1:{SECRET}", "--webhook", f"1:{NARROW}:department")
    with simulated_portal(tmp_path_factory.mktemp("portal"), *webhooks, *options) as portal:
        yield portal


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPortal]:
    """Without limits, with 6,000 users: several ranges of several calls."""
    size = ("--users", "6000", "--departments", "120", "--groups", "130")
    yield from _portal(tmp_path_factory, *size, "--rate", "0", "--operating-limit", "0", "--slow-ms", "30")


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPortal]:
    """Two requests at once, one a second."""
    yield from _portal(tmp_path_factory, "--rate", "1", "--burst", "2")


@pytest.fixture
def spent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPortal]:
    """Half a second of each method in ten minutes; a page books 0.2 s and takes none."""
    limits = ("--operating-limit", "0.5", "--operating-ms", "200", "--page-ms", "0")
    yield from _portal(tmp_path_factory, "--rate", "0", *limits)


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    backoff = Backoff(first=0.001, longest=0.01)
    client = HttpClient("source", lambda _method, _verdict: None, backoff=backoff)
    yield client
    await client.close()


def _by_id(portal: SimulatedPortal, entity: str) -> dict[str, JsonObject]:
    return {row["ID"]: row for row in portal.truth(entity)}


async def _read_all(source: Bitrix24Source, entity: str) -> list[SourceRecord]:
    """Every range side by side; whatever passes is tried again."""
    cut = await _patiently(partial(source.cut, entity, 4, NothingYet()))
    read = await asyncio.gather(*(_read_range(source, entity, cursor) for cursor in cut.cursors))
    return [record for records in read for record in records]


async def _read_range(source: Bitrix24Source, entity: str, cursor: JsonObject) -> list[SourceRecord]:
    records: list[SourceRecord] = []
    following: JsonObject | None = cursor
    while following is not None:
        page = await _patiently(partial(source.read, entity, following, NothingYet()))
        records += page.records
        following = page.next
    return records


async def _patiently(ask: Callable[[], Awaitable[Answered]]) -> Answered:
    for _ in range(50):
        try:
            return await ask()
        except (RetryLater, SlowDown):
            await asyncio.sleep(0.01)
    raise AssertionError("the portal never answers")


@pytest.mark.parametrize("entity", ENTITIES)
async def test_everything_arrives_once_while_the_portal_stumbles(
    portal: SimulatedPortal, client: HttpClient, entity: str
) -> None:
    portal.switch(faults=0.3)
    source = Bitrix24Source.of_webhooks([portal.webhook(SECRET)], client, OpenBudget(), fetcher(portal.url))
    records = await _read_all(source, entity)
    truth = _by_id(portal, entity)
    assert Counter(record.id for record in records) == Counter(truth.keys())
    assert all(truth[record.id].items() <= record.data.items() for record in records)
    assert portal.stats()["writes"] == 0


async def test_whoever_stays_arrives_while_people_come_and_go(portal: SimulatedPortal, client: HttpClient) -> None:
    before = set(_by_id(portal, "user"))
    portal.switch(faults=0.2, mutate=300.0)
    source = Bitrix24Source.of_webhooks([portal.webhook(SECRET)], client, OpenBudget(), fetcher(portal.url))
    read = Counter(record.id for record in await _read_all(source, "user"))
    after = set(_by_id(portal, "user"))
    assert after != before
    assert portal.stats()["faults"]
    assert before & after <= set(read)
    assert set(read.values()) == {1}


async def test_members_of_groups_arrive_with_them(portal: SimulatedPortal, client: HttpClient) -> None:
    portal.switch(faults=0.3)
    source = Bitrix24Source.of_webhooks([portal.webhook(SECRET)], client, OpenBudget(), fetcher(portal.url))
    records = await _read_all(source, "group")
    transport = Transport(Access.of(portal.webhook(SECRET)), client, OpenBudget())
    portal.switch(faults=0.0)
    for record in records[::20]:
        assert record.data["members"] == (await transport.call("sonet_group.user.get", {"ID": record.id})).result


async def test_a_write_never_reaches_the_portal(portal: SimulatedPortal, client: HttpClient) -> None:
    transport = Transport(Access.of(portal.webhook(SECRET)), client, OpenBudget())
    requests = portal.stats()["requests"]
    for method in ("user.add", "USER.ADD", "user.get?cmd[a]=user.add", "batch"):
        with pytest.raises(RunStopped):
            await transport.call(method, {})
        with pytest.raises(RunStopped):
            await transport.batch({"a": ("user.get", {}), "b": (method, {})})
    assert (portal.stats()["requests"], portal.stats()["writes"]) == (requests, 0)


@pytest.mark.parametrize("name", ["Отдел «Ё»", "a&b=c", "50%", "[x]", "🙂", "a+b", "x y"])
async def test_a_value_means_the_same_alone_and_in_a_batch(
    portal: SimulatedPortal, client: HttpClient, name: str
) -> None:
    transport = Transport(Access.of(portal.webhook(SECRET)), client, OpenBudget())
    asked: JsonObject = {"FILTER": {"!NAME": name, "<=ID": 3}, "sort": "ID", "order": "ASC", "ADMIN_MODE": True}
    alone = await transport.call("user.get", asked)
    together = await transport.batch({"a": ("user.get", asked), "b": ("department.get", {"NAME": name})})
    assert together.results == {"a": alone.result, "b": (await transport.call("department.get", {"NAME": name})).result}


async def test_a_secret_that_is_wrong_stops_the_run(portal: SimulatedPortal, client: HttpClient) -> None:
    transport = Transport(Access.of(portal.webhook("n0t-the-secret")), client, OpenBudget())
    with pytest.raises(RunStopped) as refusal:
        await transport.call("user.get", {})
    assert refusal.value.reason.code == "source.unauthorised"
    assert "n0t-the-secret" not in str(refusal.value)


async def test_a_scope_that_is_missing_stops_the_entity(portal: SimulatedPortal, client: HttpClient) -> None:
    transport = Transport(Access.of(portal.webhook(NARROW)), client, OpenBudget())
    answer = await transport.batch({"a": ("department.get", {}), "b": ("user.get", {})})
    assert "a" in answer.results
    assert (type(answer.errors["b"]), answer.errors["b"].reason.code) == (EntityStopped, "source.denied")
    with pytest.raises(EntityStopped):
        await transport.call("user.get", {})


async def test_an_individual_block_stops_the_run(portal: SimulatedPortal, client: HttpClient) -> None:
    portal.switch(overload=True)
    with pytest.raises(RunStopped) as refusal:
        await Transport(Access.of(portal.webhook(SECRET)), client, OpenBudget()).call("user.get", {})
    assert refusal.value.reason.code == "source.overloaded"


@pytest.mark.parametrize("status", [503, 429, 200])
async def test_too_many_requests_slow_down_under_every_status(
    busy: SimulatedPortal, client: HttpClient, status: int
) -> None:
    busy.switch(throttle_status=status)
    budget = OpenBudget()
    transport = Transport(Access.of(busy.webhook(SECRET)), client, budget)
    answers = await asyncio.gather(*(transport.call("server.time", {}) for _ in range(8)), return_exceptions=True)
    refusals = [answer for answer in answers if isinstance(answer, SlowDown)]
    assert {(refusal.reason.code, refusal.retry_after) for refusal in refusals} == {("source.throttled", None)}
    assert ("server.time", None) in budget.told


async def test_a_method_whose_seconds_are_spent_rests_until_the_portal_counts_anew(
    spent: SimulatedPortal, client: HttpClient
) -> None:
    budget = OpenBudget()
    transport = Transport(Access.of(spent.webhook(SECRET)), client, budget)
    page = ("user.get", {"start": -1})
    answer = await transport.batch({f"p{number}": page for number in range(5)})
    assert list(answer.results) == ["p0", "p1", "p2"]
    assert answer.operating["user.get"].seconds == pytest.approx(0.6)
    pauses = {error.retry_after for error in answer.errors.values()}
    assert {type(error) for error in answer.errors.values()} == {SlowDown}
    assert all(590 <= (pause or 0) <= 600 for pause in pauses)
    assert budget.told[-1] == ("user.get", pauses.pop())
