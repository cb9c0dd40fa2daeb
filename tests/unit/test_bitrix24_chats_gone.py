"""Chats that were deleted with what they belonged to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from connectors.bitrix24.presence.chats import chats_gone
from shared.model.json import JsonObject
from shared.model.records import SourceRecord
from shared.model.run import RunOptions
from tests.unit.bitrix24_stand_in import Whole


@dataclass
class Earlier(Whole):
    """One page with one chat of a run before."""

    chat: JsonObject
    options: RunOptions = field(default_factory=RunOptions)
    generation: str = "run"

    async def pages(self, _entity: str) -> tuple[str, ...]:
        return ()

    async def earlier(self, _entity: str) -> tuple[str, ...]:
        return ("page of chats",)

    async def rows(self, _page: str) -> tuple[SourceRecord, ...]:
        return (SourceRecord("17", self.chat),)


async def _gone(kind: str, source_id: str, *lost: tuple[str, str]) -> frozenset[str]:
    async def gone(entity: str, source_ids: Sequence[str]) -> list[str]:
        return [one for one in source_ids if (entity, one) in lost]

    return await chats_gone(["17", "18"], Earlier({"entity_type": kind, "entity_id": source_id}), gone)


@pytest.mark.parametrize(
    ("kind", "source_id", "owner"),
    [
        ("TASKS_TASK", "5", ("task", "5")),
        ("TASKS", "5", ("task", "5")),
        ("SONET_GROUP", "5", ("group", "5")),
        ("CRM", "DEAL|5", ("deal", "5")),
        ("CRM", "DYNAMIC_128|5", ("smart_process_item", "128:5")),
    ],
)
async def test_a_chat_goes_with_what_it_belonged_to(kind: str, source_id: str, owner: tuple[str, str]) -> None:
    assert await _gone(kind, source_id, owner) == {"17"}
    assert await _gone(kind, source_id) == frozenset()


@pytest.mark.parametrize(
    ("kind", "source_id"), [("", ""), ("CRM", "LEAD|5"), ("LINES", "a|1|5|5"), ("CRM", "DYNAMIC_x|5")]
)
async def test_of_a_chat_that_belongs_to_nothing_that_is_moved_nobody_knows(kind: str, source_id: str) -> None:
    assert await _gone(kind, source_id, ("task", "5"), ("deal", "5")) == frozenset()
