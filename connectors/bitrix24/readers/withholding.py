"""Archiving less of an answer than came: what nobody asked to have copied is not kept."""

from collections.abc import Callable

import orjson

from connectors.bitrix24.batch import batch_results
from shared.model.json import Json, JsonObject, as_list, as_map

Reduce = Callable[[JsonObject], JsonObject | None]
"""row → what of it is kept; None: nothing."""


def reduced(body: bytes, keep: Callable[[str, Json], Json]) -> bytes:
    """A ``batch`` answer with ``keep(key, result)`` in place of each result, and without those for which it is None."""
    answer = as_map(orjson.loads(body))
    kept = {key: keep(key, result) for key, result in batch_results(answer).items()}
    results = {key: result for key, result in kept.items() if result is not None}
    return orjson.dumps({**answer, "result": {**as_map(answer.get("result")), "result": results}})


def rows_reduced(result: Json, reduce: Reduce) -> list[JsonObject]:
    """A page of rows with what ``reduce`` leaves of each; what is no row is not kept."""
    return [kept for row in as_list(result) if isinstance(row, dict) and (kept := reduce(row)) is not None]
