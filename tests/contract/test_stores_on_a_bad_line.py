"""Storage that stumbles: what was applied counts once, what was not is said to be put off, and nothing else happens."""

import contextlib
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from lab.faults import Dialect, FaultyLink, Kind
from shared.model.errors import Conflict, RetryLater
from shared.model.ledger import Counts, EntityRow, PageKey, PageRow, PageState, Stage
from shared.ports.stores import Stores
from shared.storage.azure.opening import closing_stores

Links = dict[Dialect, FaultyLink]

_ENDPOINT = re.compile(r"(Blob|Queue|Table)Endpoint=([^;]+);")
_REFUSED = (Kind.RESET, Kind.DROPPED, Kind.ERROR, Kind.UNAVAILABLE)
_APPLIED = (Kind.LOST, Kind.TIMED_OUT, Kind.REPEATED)
_MORE_THAN_THE_SDK_TRIES = 6


@pytest.fixture
def links(azurite: str) -> Iterator[Links]:
    """A link to each service, on which nothing goes wrong until a test says so."""
    with ExitStack() as stack:
        yield {
            Dialect[kind.upper()]: stack.enter_context(FaultyLink(address, Dialect[kind.upper()]))
            for kind, address in _ENDPOINT.findall(azurite)
        }


@pytest.fixture
async def behind(azurite: str, links: Links) -> AsyncIterator[Stores]:
    """Empty stores at the far end of ``links``, used once, so that every table and container is there."""
    address = _ENDPOINT.sub(lambda found: f"{found[1]}Endpoint={links[Dialect[found[1].upper()]].url};", azurite)
    async with closing_stores(address, table_prefix=f"t{uuid.uuid4().hex[:10]}") as stores:
        await stores.ledger.insert([_a_page(99)])
        await stores.ledger.put_entity(EntityRow("run-0", "user"))
        await stores.runs.lock("another plan", "run-0")
        await stores.archive.put("raw/first", b"[]")
        await stores.queue.send("extract", ["first"])
        yield stores


def _a_page(seq: int = 0) -> PageRow:
    return PageRow(PageKey("run-1", "user", 0, Stage.EXTRACT, seq), cursor={"after": seq})


async def _stored(stores: Stores, seq: int = 0) -> PageRow:
    row = await stores.ledger.get(_a_page(seq).key)
    assert row is not None
    return row


@pytest.mark.parametrize("kind", _REFUSED)
async def test_a_write_that_did_not_arrive_is_made_again(behind: Stores, links: Links, kind: Kind) -> None:
    row = await _stored(behind, 99)
    links[Dialect.TABLE].share.then(kind)
    await behind.ledger.update(replace(row, attempts=7))
    assert (await _stored(behind, 99)).attempts == 7


@pytest.mark.parametrize("kind", _APPLIED)
async def test_a_conditional_write_whose_answer_is_lost_is_no_lost_race(
    behind: Stores, links: Links, kind: Kind
) -> None:
    row = await _stored(behind, 99)
    links[Dialect.TABLE].share.then(kind)
    written = await behind.ledger.update(replace(row, held_by="me", held_until=1.5, calls={"user.get ok": 1}))
    assert written == await _stored(behind, 99)


@pytest.mark.parametrize("kind", [Kind.TIMED_OUT, Kind.REPEATED])
async def test_a_new_row_whose_answer_is_lost_is_there_for_its_writer(behind: Stores, links: Links, kind: Kind) -> None:
    links[Dialect.TABLE].share.then(kind)
    written = await behind.ledger.put_entity(EntityRow("run-1", "user", expected=3))
    assert (await behind.ledger.entities("run-1"))["user"] == written


async def test_who_loses_a_race_on_a_bad_line_is_told_so(behind: Stores, links: Links) -> None:
    row = await _stored(behind, 99)
    await behind.ledger.update(replace(row, held_by="another"))
    links[Dialect.TABLE].share.then(Kind.REPEATED)
    with pytest.raises(Conflict):
        await behind.ledger.update(replace(row, held_by="me"))
    assert (await _stored(behind, 99)).held_by == "another"


@pytest.mark.parametrize("kind", _APPLIED)
async def test_a_page_and_what_follows_are_there_once_though_the_answer_to_the_transaction_is_lost(
    behind: Stores, links: Links, kind: Kind
) -> None:
    await behind.ledger.insert([_a_page()])
    row = await _stored(behind)
    links[Dialect.TABLE].share.then(kind)
    with contextlib.suppress(Conflict, RetryLater):  # whoever completes a page looks whether it is theirs
        await behind.ledger.commit(replace(row, state=PageState.DONE, counts=Counts(extracted=5)), [_a_page(1)])
    pages = {one.key.seq: one for one in await behind.ledger.scan("run-1")}
    assert pages.keys() == {0, 1, 99}
    assert pages[0].counts == Counts(extracted=5)


@pytest.mark.parametrize("kind", [Kind.CUT, *_REFUSED])
async def test_an_outage_that_lasts_longer_than_patience_is_put_off(behind: Stores, links: Links, kind: Kind) -> None:
    links[Dialect.TABLE].share.then(*[kind] * _MORE_THAN_THE_SDK_TRIES)
    with pytest.raises(RetryLater) as put_off:
        await behind.ledger.commit(replace(_a_page(99), state=PageState.DONE, etag='W/"x"'), [_a_page(1)])
    assert put_off.value.reason.code == "storage.unreachable"


async def test_half_an_answer_to_a_new_row_is_put_off(behind: Stores, links: Links) -> None:
    links[Dialect.TABLE].share.then(*[Kind.CUT] * _MORE_THAN_THE_SDK_TRIES)
    with pytest.raises(RetryLater):
        await behind.ledger.put_entity(EntityRow("run-1", "user"))


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.CUT])
async def test_a_blob_is_whole_whatever_happens_to_its_line(behind: Stores, links: Links, kind: Kind) -> None:
    content = b"[" + b"1," * 5_000 + b"1]"
    links[Dialect.BLOB].share.then(kind)
    await behind.archive.put("raw/page", content)
    links[Dialect.BLOB].share.then(kind)
    assert await behind.archive.get("raw/page") == content


async def test_a_plan_is_locked_for_the_run_that_was_not_told_so(behind: Stores, links: Links) -> None:
    links[Dialect.TABLE].share.then(Kind.TIMED_OUT)
    await behind.runs.lock("a plan", "run-1")
    with pytest.raises(Conflict):
        await behind.runs.lock("a plan", "run-2")


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.TIMED_OUT])
async def test_a_wake_up_is_sent_at_least_once(behind: Stores, links: Links, kind: Kind) -> None:
    before = await behind.queue.length("extract")
    links[Dialect.QUEUE].share.then(kind)
    await behind.queue.send("extract", ["again"])
    assert await behind.queue.length("extract") > before
