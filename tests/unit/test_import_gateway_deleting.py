"""Deleting at the gateway: a receipt for each record, or an error that has the call made again."""

from datetime import UTC, datetime

import pytest

from connectors.import_gateway.deleting import delete
from connectors.import_gateway.refusals import BatchTooLarge
from shared.model.errors import RetryLater
from shared.model.idmap import IdMapEntry
from shared.model.json import Json, JsonObject

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ENTRIES = [IdMapEntry("task", one, f"t{one}", "c" * 64, NOW, "r", "created", "0/i") for one in ("1", "2", "3")]
ANSWER: JsonObject = {
    "deleted": [{"source_id": "1", "target_id": "t1"}],
    "missing": [{"source_id": "2"}],
    "failed": [{"source_id": "3", "code": "REFERENCED", "reason": "other records refer to it", "retryable": False}],
}


async def test_every_record_is_in_one_of_the_lists() -> None:
    async def call(_method: str, _body: JsonObject) -> Json:
        return ANSWER

    receipts = await delete(call, "task", "r", "b", ENTRIES)
    assert {one.source_id: (one.outcome, one.code) for one in receipts} == {
        "1": ("deleted", None),
        "2": ("missing", None),
        "3": ("failed", "REFERENCED"),
    }


async def test_records_go_by_the_key_of_their_version() -> None:
    sent: list[JsonObject] = []

    async def call(method: str, body: JsonObject) -> Json:
        sent.append({"method": method, **body})
        return ANSWER

    await delete(call, "task", "r", "b", ENTRIES)
    assert (sent[0]["method"], sent[0]["entity"]) == ("import.delete", "task")
    assert sent[0]["items"][0] == {"source_id": "1", "idempotency_key": f"source:task:1:{'c' * 64}"}


async def test_a_gateway_may_list_what_it_deleted_by_its_ids_alone() -> None:
    async def call(_method: str, _body: JsonObject) -> Json:
        return {**ANSWER, "deleted": ["1"], "missing": ["2"]}

    receipts = await delete(call, "task", "r", "b", ENTRIES)
    assert {one.source_id: one.outcome for one in receipts} == {"1": "deleted", "2": "missing", "3": "failed"}


async def test_what_is_too_large_for_one_call_goes_in_halves() -> None:
    passed: list[tuple[str, list[str]]] = []

    async def call(_method: str, body: JsonObject) -> Json:
        ids = [one["source_id"] for one in body["items"]]
        if len(ids) > 1:
            raise BatchTooLarge("target.refused", "one at a time")
        passed.append((body["batch_id"], ids))
        return {"deleted": [{"source_id": one} for one in ids], "missing": [], "failed": []}

    receipts = await delete(call, "task", "r", "b", ENTRIES)
    assert [one.source_id for one in receipts] == ["1", "2", "3"]
    assert passed == [("b-a", ["1"]), ("b-b-a", ["2"]), ("b-b-b", ["3"])]


async def test_a_record_that_is_too_large_alone_stops_the_run() -> None:
    async def call(_method: str, _body: JsonObject) -> Json:
        raise BatchTooLarge("target.refused", "nothing at all")

    with pytest.raises(BatchTooLarge):
        await delete(call, "task", "r", "b", ENTRIES)


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"deleted": [], "missing": []},
        {**ANSWER, "missing": []},
        {**ANSWER, "missing": [{"source_id": "9"}]},
        {**ANSWER, "deleted": [{"target_id": "t1"}]},
        {**ANSWER, "failed": [{"source_id": "3"}]},
    ],
    ids=["no object", "a list less", "a record less", "a strange record", "no id", "no code"],
)
async def test_an_answer_that_is_not_of_the_call_is_asked_for_again(answer: Json) -> None:
    async def call(_method: str, _body: JsonObject) -> Json:
        return answer

    with pytest.raises(RetryLater):
        await delete(call, "task", "r", "b", ENTRIES)
