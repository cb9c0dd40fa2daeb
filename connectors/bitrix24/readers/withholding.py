"""Archiving less of an answer than came: what nobody asked to have copied is not kept."""

from collections.abc import Callable

import orjson

from connectors.bitrix24.batch import batch_results
from shared.model.json import Json, JsonObject, as_list

Reduce = Callable[[JsonObject], JsonObject | None]
"""row → what of it is kept; None: nothing."""


def reduced(body: bytes, keep: Callable[[str, Json], Json]) -> bytes:
    """A ``batch`` answer with ``keep(key, result)`` in place of each result, and without those for which it is None."""
    answer = orjson.loads(body)
    kept = {key: keep(key, result) for key, result in batch_results(answer).items()}
    answer["result"]["result"] = {key: result for key, result in kept.items() if result is not None}
    return orjson.dumps(answer)


def rows_reduced(result: Json, reduce: Reduce) -> list[JsonObject]:
    """A page of rows with what ``reduce`` leaves of each."""
    return [kept for row in as_list(result) if (kept := reduce(row)) is not None]
