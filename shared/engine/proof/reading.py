"""Reading a slice back: its records as the target has them now, in calls of a hundred, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from shared.model.json import JsonObject
from shared.ports.systems import Target

_MOST = 100
"""Records of one call (contract §4)."""

MayCall = Callable[[], Awaitable[None]]
"""Raises when the worker must not start another call."""


async def read_back(
    target: Target, entity: str, source_ids: Sequence[str], in_flight: int, may_call: MayCall
) -> dict[str, JsonObject]:
    """``{source_id: {"target_id", "checksum", "data"}}`` of those that the target has. Raises what it raises."""
    chunks = [source_ids[start : start + _MOST] for start in range(0, len(source_ids), _MOST)]
    limit = asyncio.Semaphore(in_flight)

    async def one(ids: Sequence[str]) -> dict[str, JsonObject]:
        async with limit:
            await may_call()
            return await target.read(entity, ids)

    answers = await asyncio.gather(*map(one, chunks), return_exceptions=True)
    found: dict[str, JsonObject] = {}
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
        found |= answer
    return found
