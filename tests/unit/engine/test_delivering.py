"""Batches: as large as the target takes, a few at a time, and again only for what stumbled."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pytest

from shared.engine.importing.delivering import Delivery, deliver
from shared.model.errors import RetryLater, RunStopped
from shared.model.records import Capabilities, MethodLimit, OutgoingItem, Receipt

_IN = "imported"


class Scripted:
    """A target that answers as ``answer`` says and remembers its calls."""

    def __init__(self, answer: Callable[[str, int], Receipt] | None = None) -> None:
        self.calls: list[list[OutgoingItem]] = []
        self.answer = answer or (lambda source_id, _call: Receipt(source_id, _IN, f"t{source_id}"))
        self.trouble_at: int | None = None
        self.at_work = self.most_at_work = 0
        self.wanted = 1_000

    @property
    def ids(self) -> list[list[str]]:
        return [[item.source_id for item in call] for call in self.calls]

    def batch_size(self, _entity: str) -> int:
        return self.wanted

    async def write(self, _entity: str, _run: str, _batch: str, items: Sequence[OutgoingItem]) -> tuple[Receipt, ...]:
        self.calls.append(list(items))
        number = len(self.calls)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        await asyncio.sleep(0)
        self.at_work -= 1
        if number == self.trouble_at:
            raise RetryLater("target.unreachable", "connection reset")
        return tuple(self.answer(item.source_id, number) for item in items)


def items(number: int, size: int = 10) -> list[OutgoingItem]:
    return [OutgoingItem(str(n), f"k{n}", "c", {"text": "x" * size}) for n in range(1, number + 1)]


async def send(
    target: Any,
    outgoing: Sequence[OutgoingItem],
    *,
    max_items: int = 10,
    max_bytes: int = 1_000_000,
    in_flight: int = 1,
    refused_after: int = 1_000,
) -> Delivery:
    capabilities = Capabilities("1.1", "store", "1", max_bytes, {"user": MethodLimit(max_items, 600)})
    asked = 0

    async def may_call() -> None:
        nonlocal asked
        asked += 1
        if asked > refused_after:
            raise RunStopped("target.changed", "withdrawn")

    return await deliver(target, capabilities, "user", "run-1", "b", outgoing, in_flight, may_call)


async def test_a_batch_has_no_more_items_than_the_target_takes() -> None:
    target = Scripted()
    delivery = await send(target, items(25))
    assert [len(call) for call in target.calls] == [10, 10, 5]
    assert len(delivery.receipts) == 25


async def test_a_batch_has_no_more_bytes_than_the_target_takes_and_wastes_few() -> None:
    target = Scripted()
    await send(target, items(20, size=2_000), max_items=1_000, max_bytes=20_000)
    sizes = [sum(len(orjson.dumps(item.data)) for item in call) for call in target.calls]
    assert all(10_000 < size < 20_000 for size in sizes[:-1])
    assert sorted(int(one) for call in target.ids for one in call) == list(range(1, 21))


async def test_a_batch_has_the_size_that_the_target_wants_when_its_turn_comes() -> None:
    def shrink(source_id: str, call: int) -> Receipt:
        target.wanted = 8 // call
        return Receipt(source_id, _IN, "t")

    target = Scripted(shrink)
    target.wanted = 10
    await send(target, items(25), max_items=9)
    assert [len(call) for call in target.calls] == [9, 8, 4, 2, 2]


async def test_an_item_that_is_too_large_for_any_batch_goes_alone() -> None:
    target = Scripted()
    small, large = items(1), [OutgoingItem("9", "k9", "c", {"text": "x" * 50_000})]
    await send(target, [*small, *large, *small], max_bytes=20_000)
    assert target.ids == [["1"], ["9"], ["1"]]


async def test_an_entity_that_the_target_has_no_method_for_stops_the_run() -> None:
    capabilities = Capabilities("1.1", "store", "1", 1_000_000, {})

    async def may_call() -> None:
        return

    with pytest.raises(RunStopped):
        await deliver(Scripted(), capabilities, "user", "run-1", "b", items(1), 1, may_call)


async def test_no_more_calls_are_under_way_than_allowed() -> None:
    target = Scripted()
    await send(target, items(40), max_items=2, in_flight=3)
    assert target.most_at_work == 3


async def test_no_call_is_started_after_one_that_failed_and_what_went_in_stays_known() -> None:
    target = Scripted()
    target.trouble_at = 2
    delivery = await send(target, items(40))
    assert len(target.calls) == 2
    assert len(delivery.receipts) == 10
    assert isinstance(delivery.trouble, RetryLater)


async def test_only_items_that_stumbled_are_sent_again() -> None:
    def once(source_id: str, call: int) -> Receipt:
        if source_id == "2" and call == 1:
            return Receipt("2", "failed", code="TRANSIENT", retryable=True)
        return Receipt(source_id, _IN, "t")

    target = Scripted(once)
    delivery = await send(target, items(3))
    assert target.ids == [["1", "2", "3"], ["2"]]
    assert sorted((one.source_id, one.outcome) for one in delivery.receipts) == [("1", _IN), ("2", _IN), ("3", _IN)]


async def test_an_item_that_keeps_stumbling_is_reported_once_after_three_calls() -> None:
    target = Scripted(lambda source_id, _call: Receipt(source_id, "failed", code="TRANSIENT", retryable=True))
    delivery = await send(target, items(1))
    assert len(target.calls) == 3
    assert [one.outcome for one in delivery.receipts] == ["failed"]


async def test_leave_is_asked_before_every_call_repeats_too() -> None:
    target = Scripted(lambda source_id, _call: Receipt(source_id, "failed", code="TRANSIENT", retryable=True))
    delivery = await send(target, items(1), refused_after=2)
    assert len(target.calls) == 2
    assert isinstance(delivery.trouble, RunStopped)
