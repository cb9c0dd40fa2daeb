"""What the client makes of answers to ``import.rollback``."""

from typing import Any

import pytest

from connectors.import_gateway.undoing import undo
from shared.model.errors import RetryLater
from shared.model.json import JsonObject
from shared.model.records import Undone, UndonePage, UndoPhase


class Answering:
    """Gives one answer and keeps what it was asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[str, JsonObject]] = []

    async def call(self, method: str, body: JsonObject) -> Any:
        self.asked.append((method, body))
        return self.answer


async def page(answer: Any, after: str = "") -> UndonePage:
    return await undo(Answering(answer).call, "user", "r-1", UndoPhase.DELETE, after)


async def test_a_page_is_asked_for_by_run_entity_phase_and_place() -> None:
    gateway = Answering({"items": [], "next": None})
    await undo(gateway.call, "user", "r-1", UndoPhase.RESTORE, "17")
    asked = {"run_id": "r-1", "entity": "user", "phase": "restore", "after": "17", "limit": 500}
    assert gateway.asked == [("import.rollback", asked)]


async def test_outcomes_and_the_next_place_are_read() -> None:
    items = [
        {"source_id": "1", "outcome": "deleted", "reason": None},
        {"source_id": "2", "outcome": "kept", "reason": "LATER_RUN"},
    ]
    read = await page({"items": items, "next": "2"})
    assert read == UndonePage((Undone("1", "deleted"), Undone("2", "kept", "LATER_RUN")), "2")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"items": []},
        {"items": None, "next": None},
        {"items": [], "next": 7},
        {"items": [], "next": "9"},
        {"items": [{"source_id": 1, "outcome": "deleted", "reason": None}], "next": None},
        {"items": [{"source_id": "1", "outcome": "vanished", "reason": None}], "next": None},
        {"items": [{"source_id": "1", "outcome": "deleted"}], "next": None},
    ],
)
async def test_an_answer_that_breaks_the_contract_is_asked_for_again(answer: Any) -> None:
    with pytest.raises(RetryLater) as told:
        await page(answer, after="9")
    assert told.value.reason.code == "target.unexpected_answer"
