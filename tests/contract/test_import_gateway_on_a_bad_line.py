"""The client before a real gateway, on a line that breaks in every way: each record goes in once."""

import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import orjson
import pytest

from connectors.import_gateway.gateway import ImportGateway
from shared.model.errors import RetryLater
from shared.model.json import JsonObject
from shared.model.records import OutgoingItem, Receipt
from shared.storage.memory.opening import open_memory_stores
from shared.transform.canonical import checksum
from tests.contract.bad_line import Answer, Line, gateway_over
from tests.unit.gateway.gateway_process import RunningGateway, running, user

_PAGE = b"<html><body>Please log in</body></html>"
_NO_LISTS = {"imported": [], "skipped": [], "duplicate": [], "failed": []}


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway with the contract's defaults."""
    with running(tmp_path_factory.mktemp("line")) as process:
        yield process


@pytest.fixture
async def gateway(line: Line) -> AsyncIterator[ImportGateway]:
    async with gateway_over(line, open_memory_stores().media) as gateway:
        yield gateway


def _items(gateway: ImportGateway, first: int, number: int) -> list[OutgoingItem]:
    made = []
    for n in range(first, first + number):
        digest = checksum(user(n))
        made.append(OutgoingItem(str(n), gateway.key("user", str(n), digest), digest, user(n)))
    return made


def _once(spoilt: Answer) -> Callable[[int, bytes], Answer]:
    """Spoils the first answer alone."""
    left = [spoilt]
    return lambda status, body: left.pop() if left else (status, body)


def _versions(process: RunningGateway, first: int, number: int) -> dict[str, str]:
    """Target ids by source id."""
    return {
        one: found["target_id"] for one, found in process.read("user", *map(str, range(first, first + number))).items()
    }


def _broken(body: JsonObject, source_id: str, answer: Answer) -> Answer:
    return answer if any(one["source_id"] == source_id for one in body["items"]) else None


def _outcomes(receipts: tuple[Receipt, ...]) -> dict[str, str]:
    return {one.source_id: one.outcome for one in receipts}


@pytest.mark.parametrize(
    ("first", "lost"),
    [(100, None), (200, (502, _PAGE)), (300, (500, b"")), (400, (200, _PAGE)), (500, (200, b'{"imported": [{'))],
    ids=["reset", "502", "500", "html", "cut off"],
)
async def test_an_answer_lost_after_the_write_is_asked_for_again_with_the_same_keys(
    gateway: ImportGateway, line: Line, process: RunningGateway, first: int, lost: Answer
) -> None:
    line.spoil = _once(lost)
    receipts = await gateway.write("user", "r1", "b1", _items(gateway, first, 5))
    assert {(one.outcome, one.run_id) for one in receipts} == {("duplicate", "r1")}
    assert {one.source_id: one.target_id for one in receipts} == _versions(process, first, 5)
    assert len({one["idempotency_key"] for one in line.calls_with(str(first))}) == 1
    assert process.sql("SELECT count(*) FROM records WHERE entity = 'user' AND source_id = ?", str(first)) == [(1,)]


@pytest.mark.parametrize(
    ("first", "answer"),
    [
        (600, (500, b"")),
        (620, (503, b'{"error": "UNAVAILABLE", "message": "no"}')),
        (640, (400, b'{"error": "MALFORMED", "message": "no"}')),
        (660, (413, b"too large")),
    ],
)
async def test_a_record_on_which_every_call_breaks_stays_out_alone(
    gateway: ImportGateway, line: Line, process: RunningGateway, first: int, answer: Answer
) -> None:
    bad = str(first + 3)
    line.refuse = lambda body: _broken(body, bad, answer)
    receipts = await gateway.write("user", "r1", "b1", _items(gateway, first, 12))
    assert [one.source_id for one in receipts] == [str(first + n) for n in range(12)]
    assert {one.source_id for one in receipts if one.outcome == "failed"} == {bad}
    assert len(_versions(process, first, 12)) == 11


def _without_the_first(body: JsonObject) -> JsonObject:
    return {**body, "imported": body["imported"][1:]}


def _turned_round(body: JsonObject) -> JsonObject:
    return {name: list(reversed(entries)) for name, entries in reversed(body.items())}


def _with_a_list_of_its_own(body: JsonObject) -> JsonObject:
    return {**body, "imported": body["imported"][1:], "queued": body["imported"][:1]}


@pytest.mark.parametrize(
    ("first", "change", "unsure"),
    [(700, _without_the_first, {"700"}), (710, _turned_round, set()), (720, _with_a_list_of_its_own, {"720"})],
)
async def test_what_an_answer_does_say_of_a_record_counts(
    gateway: ImportGateway,
    line: Line,
    first: int,
    change: Callable[[JsonObject], JsonObject],
    unsure: set[str],
) -> None:
    line.spoil = lambda status, body: (status, orjson.dumps(change(orjson.loads(body))))
    receipts = await gateway.write("user", "r1", "b1", _items(gateway, first, 4))
    assert _outcomes(receipts) == {
        str(n): "failed" if str(n) in unsure else "imported" for n in range(first, first + 4)
    }
    assert {one.source_id for one in receipts if one.retryable} == unsure


def _stranger(body: JsonObject) -> JsonObject:
    return {**body, "imported": [*body["imported"], {"source_id": "9", "target_id": "1", "action": "created"}]}


def _twice(body: JsonObject) -> JsonObject:
    return {**body, "skipped": body["imported"]}


def _another_action(body: JsonObject) -> JsonObject:
    return {**body, "imported": [{**one, "action": "merged"} for one in body["imported"]]}


def _no_list(body: JsonObject) -> JsonObject:
    return {"imported": body["imported"]}


@pytest.mark.parametrize(
    ("first", "change"),
    [
        (800, _stranger),
        (810, _twice),
        (820, _another_action),
        (830, _no_list),
        (840, lambda _body: _NO_LISTS),
        (850, lambda _body: {"error": "SOMETHING_NEW", "message": "no"}),
        (860, lambda _body: []),
    ],
)
async def test_an_answer_that_cannot_be_believed_is_waited_out_and_the_records_are_there_once(
    gateway: ImportGateway,
    line: Line,
    process: RunningGateway,
    first: int,
    change: Callable[[JsonObject], object],
) -> None:
    line.spoil = lambda status, body: (status, orjson.dumps(change(orjson.loads(body))))
    items = _items(gateway, first, 3)
    with pytest.raises(RetryLater) as trouble:
        await gateway.write("user", "r1", "b1", items)
    assert trouble.value.reason.code == "target.unexpected_answer"
    line.spoil = lambda status, body: (status, body)
    receipts = await gateway.write("user", "r1", "b1", items)
    assert {one.outcome for one in receipts} == {"duplicate"}
    assert len(_versions(process, first, 3)) == 3


async def test_a_call_that_takes_too_long_is_repeated_with_the_same_keys(line: Line, process: RunningGateway) -> None:
    spoil = _once(None)
    late = threading.Event()

    def hang(status: int, body: bytes) -> Answer:
        if (answer := spoil(status, body)) is None:
            late.wait(30)
        return answer

    line.spoil = hang
    async with gateway_over(line, open_memory_stores().media, longest_call=0.5) as impatient:
        receipts = await impatient.write("user", "r1", "b1", _items(impatient, 1700, 3))
        late.set()
    assert {one.outcome for one in receipts} == {"duplicate"}
    assert len(line.calls_with("1700")) == 2
    assert len(_versions(process, 1700, 3)) == 3


async def _file(gateway: ImportGateway, key: str) -> OutgoingItem:
    """A file in the media store, and the item that brings it to the gateway."""

    async def parts() -> AsyncIterator[bytes]:
        yield key.encode()

    await gateway.files.write(key, parts(), "image/png")
    digest = hashlib.sha256(key.encode()).hexdigest()
    data = {"key": key, "blob": key, "size": len(key), "content_type": "image/png", "checksum": digest}
    return OutgoingItem(key, gateway.key("media_file", key, digest), digest, data)


async def test_a_file_whose_answer_was_lost_is_there_once(gateway: ImportGateway, line: Line) -> None:
    line.spoil = _once(None)
    (receipt,) = await gateway.write("media_file", "r1", "b1", [await _file(gateway, "feed/1/0-a.png")])
    assert (receipt.outcome, len(line.calls_with("feed/1/0-a.png"))) == ("skipped", 2)


async def test_a_file_on_which_the_gateway_breaks_down_is_told_alone(gateway: ImportGateway, line: Line) -> None:
    line.refuse = lambda body: _broken(body, "feed/2/0-b.png", (500, b""))
    files = [await _file(gateway, f"feed/2/0-{name}.png") for name in "abc"]
    receipts = await gateway.write("media_file", "r1", "b1", files)
    assert [(one.outcome, one.code) for one in receipts if one.retryable] == [("failed", "TRANSIENT")]


async def test_calls_shrink_while_they_break_and_grow_again_when_they_go_well(
    gateway: ImportGateway, line: Line
) -> None:
    line.refuse = lambda body: (502, _PAGE) if len(body["items"]) > 30 else None
    receipts = await gateway.write("user", "r1", "b1", _items(gateway, 900, 50))
    assert {one.outcome for one in receipts} == {"imported"}
    assert gateway.batch_size("user") == 25
    line.refuse = None
    for start in range(1000, 1500, 25):
        await gateway.write("user", "r1", "b1", _items(gateway, start, 25))
    assert gateway.batch_size("user") == 50


async def test_no_call_has_more_bytes_than_the_gateway_takes(gateway: ImportGateway, line: Line) -> None:
    most = (await gateway.capabilities()).max_bytes
    long = [{**user(n), "position": "x" * (most // 3)} for n in range(1600, 1606)]
    items = [
        OutgoingItem(str(n), gateway.key("user", str(n), checksum(data)), checksum(data), data)
        for n, data in enumerate(long, start=1600)
    ]
    receipts = await gateway.write("user", "r1", "b1", items)
    assert len(receipts) == 6
    assert all(len(orjson.dumps(body)) <= most for body in line.bodies)
