"""Batches that are refused as a whole: the record at fault is found, and the others go in."""

from collections.abc import Awaitable, Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.import_gateway.bisecting import Bisection
from connectors.import_gateway.refusals import BatchTooLarge, Malformed
from shared.model.errors import PortageError, RetryLater, RunStopped, SlowDown
from shared.model.records import OutgoingItem, Receipt


def broken() -> PortageError:
    return RetryLater("target.unreachable", "HTTP 500")


def malformed() -> PortageError:
    return Malformed("target.refused", "MALFORMED")


def too_large() -> PortageError:
    return BatchTooLarge("target.refused", "too large")


def items(number: int) -> list[OutgoingItem]:
    return [OutgoingItem(str(n), f"key-{n}", "c", {}) for n in range(number)]


class Sender:
    """Lets every call in but those with a record at fault."""

    def __init__(self, error: Callable[[], PortageError], at_fault: frozenset[str] | None) -> None:
        self.error, self.at_fault = error, at_fault
        self.calls: list[tuple[str, list[str]]] = []

    async def __call__(self, batch_id: str, sent: Sequence[OutgoingItem]) -> tuple[Receipt, ...]:
        self.calls.append((batch_id, [item.idempotency_key for item in sent]))
        if self.at_fault is None or any(item.source_id in self.at_fault for item in sent):
            raise self.error()
        return tuple(Receipt(item.source_id, "imported", "t", "created") for item in sent)


def answering(well: bool) -> Callable[[], Awaitable[bool]]:
    async def answers() -> bool:
        return well

    return answers


@given(st.integers(1, 60), st.data())
async def test_only_the_records_at_fault_stay_out(number: int, data: st.DataObject) -> None:
    most = min(5, number)
    at_fault = frozenset(str(n) for n in data.draw(st.sets(st.integers(0, number - 1), max_size=most)))
    error = data.draw(st.sampled_from([broken, malformed, too_large]))
    receipts = await Bisection(Sender(error, at_fault), answering(True)).write("b", items(number))
    assert [one.source_id for one in receipts] == [str(n) for n in range(number)]
    assert {one.source_id for one in receipts if one.outcome == "failed"} == at_fault


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [(broken, "TRANSIENT", True), (malformed, "VALIDATION", False), (too_large, "VALIDATION", False)],
)
async def test_the_record_at_fault_gets_the_reason(
    error: Callable[[], PortageError], code: str, retryable: bool
) -> None:
    receipts = await Bisection(Sender(error, frozenset({"3"})), answering(True)).write("b", items(9))
    (failed,) = [one for one in receipts if one.outcome == "failed"]
    assert (failed.source_id, failed.code, failed.retryable) == ("3", code, retryable)
    assert failed.reason == error().message


async def test_one_record_at_fault_of_a_hundred_costs_few_calls() -> None:
    sender = Sender(malformed, frozenset({"42"}))
    await Bisection(sender, answering(True)).write("b", items(100))
    assert len(sender.calls) <= 15


async def test_every_call_has_a_name_of_its_own_and_a_record_keeps_its_key() -> None:
    sender = Sender(broken, frozenset({"3"}))
    await Bisection(sender, answering(True)).write("b", items(9))
    assert len({name for name, _ in sender.calls}) == len(sender.calls)
    assert {key for _, keys in sender.calls for key in keys} == {f"key-{n}" for n in range(9)}


async def test_a_gateway_that_answers_nothing_else_is_out() -> None:
    sender = Sender(broken, frozenset({"3"}))
    with pytest.raises(RetryLater):
        await Bisection(sender, answering(False)).write("b", items(9))
    assert len(sender.calls) == 1


@pytest.mark.parametrize(
    "error",
    [
        lambda: RetryLater("target.unexpected_answer", "HTML"),
        lambda: RetryLater("target.unreachable", "maintenance", retry_after=60.0),
        lambda: SlowDown("target.throttled", "rate"),
        lambda: RunStopped("target.unauthorised", "code"),
    ],
)
async def test_what_is_no_records_fault_is_raised_as_it_is(error: Callable[[], PortageError]) -> None:
    sender = Sender(error, None)
    with pytest.raises(PortageError) as raised:
        await Bisection(sender, answering(True)).write("b", items(9))
    assert (type(raised.value), len(sender.calls)) == (type(error()), 1)


@pytest.mark.parametrize("error", [broken, malformed])
async def test_when_nothing_at_all_gets_in_it_is_not_the_records(error: Callable[[], PortageError]) -> None:
    sender = Sender(error, None)
    with pytest.raises(type(error())):
        await Bisection(sender, answering(True)).write("b", items(100))
    assert len(sender.calls) < 30


async def test_calls_that_break_slowly_are_left_to_the_next_attempt() -> None:
    sender = Sender(broken, frozenset({"3"}))
    instants = iter(range(0, 10_000, 50))
    with pytest.raises(RetryLater):
        await Bisection(sender, answering(True), lambda: float(next(instants))).write("b", items(100))
    assert len(sender.calls) < 10


async def test_a_record_that_is_alone_already_is_told_however_long_it_took() -> None:
    sender = Sender(broken, frozenset({"0"}))
    instants = iter(range(0, 10_000, 500))
    (receipt,) = await Bisection(sender, answering(True), lambda: float(next(instants))).write("b", items(1))
    assert receipt.code == "TRANSIENT"
