"""Reading the answer to a write call, whatever a gateway may answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.import_gateway.receipts import read_receipts
from shared.model.errors import RetryLater
from shared.model.json import JsonObject
from shared.model.records import OutgoingItem

ENTRIES: dict[str, JsonObject] = {
    "imported": {"target_id": "903", "action": "created"},
    "skipped": {"target_id": "904", "reason": "unchanged"},
    "duplicate": {"target_id": "905", "action": "updated", "run_id": "r1", "reason": "key already applied"},
    "failed": {"code": "REFERENCE", "field": "owner_id", "reason": "owner_id 777 does not exist", "retryable": False},
}

verdicts = st.dictionaries(st.integers(1, 10**9).map(str), st.sampled_from(sorted(ENTRIES)), max_size=30)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from([*ENTRIES, "source_id"]), inner),
)


def _items(source_ids: Any) -> list[OutgoingItem]:
    return [OutgoingItem(source_id, f"source:user:{source_id}:c", "c", {}) for source_id in source_ids]


def _answer(verdict: dict[str, str]) -> JsonObject:
    return {
        name: [{"source_id": one, **entry} for one, outcome in verdict.items() if outcome == name]
        for name, entry in ENTRIES.items()
    }


@given(verdicts, st.randoms())
def test_each_item_gets_its_receipt_in_the_order_of_the_items(verdict: dict[str, str], chance: Any) -> None:
    items = _items(verdict)
    chance.shuffle(items)
    receipts = read_receipts(_answer(verdict), items)
    assert [(one.source_id, one.outcome) for one in receipts] == [(i.source_id, verdict[i.source_id]) for i in items]


@given(verdicts.filter(lambda verdict: len(verdict) > 1), st.data())
def test_an_item_in_no_list_may_be_sent_again_and_the_others_count(
    verdict: dict[str, str], data: st.DataObject
) -> None:
    answer = _answer(verdict)
    missing = data.draw(st.sampled_from(sorted(verdict)))
    answer[verdict[missing]] = [one for one in answer[verdict[missing]] if one["source_id"] != missing]
    receipts = {one.source_id: one for one in read_receipts(answer, _items(verdict))}
    assert (receipts[missing].code, receipts[missing].retryable) == ("TRANSIENT", True)
    assert {one.source_id: one.outcome for one in receipts.values()} == verdict | {missing: "failed"}


def test_an_outcome_that_the_contract_does_not_know_leaves_its_items_open() -> None:
    answer = _answer({"17": "imported"}) | {"pending": [{"source_id": "18", "target_id": "9"}]}
    assert [one.code for one in read_receipts(answer, _items(["17", "18"]))] == [None, "TRANSIENT"]


def test_an_answer_that_speaks_of_nothing_is_unusable() -> None:
    with pytest.raises(RetryLater, match="not those that were sent"):
        read_receipts(_answer({}), _items(["17"]))


@given(verdicts.filter(bool), st.data())
def test_an_item_in_two_lists_makes_the_whole_answer_unusable(verdict: dict[str, str], data: st.DataObject) -> None:
    answer = _answer(verdict)
    twice, where = data.draw(st.sampled_from(sorted(verdict))), data.draw(st.sampled_from(sorted(ENTRIES)))
    answer[where].append({"source_id": twice, **ENTRIES[where]})
    with pytest.raises(RetryLater, match="in two lists"):
        read_receipts(answer, _items(verdict))


@given(verdicts)
def test_an_answer_for_a_record_that_was_not_sent_is_unusable(verdict: dict[str, str]) -> None:
    answer = _answer(verdict)
    answer["imported"].append({"source_id": "stranger", **ENTRIES["imported"]})
    with pytest.raises(RetryLater):
        read_receipts(answer, _items(verdict))


@given(json_values)
def test_nonsense_is_never_taken_for_a_receipt(answer: Any) -> None:
    with pytest.raises(RetryLater) as trouble:
        read_receipts(answer, _items(["17"]))
    assert trouble.value.reason.code == "target.unexpected_answer"


@pytest.mark.parametrize(
    ("outcome", "lacking"),
    [
        ("imported", "target_id"),
        ("imported", "action"),
        ("skipped", "target_id"),
        ("duplicate", "target_id"),
        ("duplicate", "action"),
        ("failed", "code"),
    ],
)
def test_an_entry_without_its_essentials_is_unusable(outcome: str, lacking: str) -> None:
    answer = _answer({"17": outcome})
    del answer[outcome][0][lacking]
    with pytest.raises(RetryLater, match="lacks what it must have"):
        read_receipts(answer, _items(["17"]))


def test_a_duplicate_repeats_who_applied_the_key() -> None:
    (receipt,) = read_receipts(_answer({"19": "duplicate"}), _items(["19"]))
    assert (receipt.target_id, receipt.action, receipt.run_id) == ("905", "updated", "r1")


def test_a_failure_names_code_field_and_reason() -> None:
    (receipt,) = read_receipts(_answer({"20": "failed"}), _items(["20"]))
    assert (receipt.code, receipt.field, receipt.retryable) == ("REFERENCE", "owner_id", False)


def test_a_transient_failure_may_be_repeated() -> None:
    answer = _answer({"20": "failed"})
    answer["failed"][0] |= {"code": "TRANSIENT", "field": None, "retryable": True}
    assert read_receipts(answer, _items(["20"]))[0].retryable
