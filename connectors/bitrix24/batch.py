"""The answer of a ``batch``: sections keyed like the commands, any of which may be missing (API facts §3.4)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import orjson

from connectors.bitrix24.errors import classify_body, is_error
from connectors.bitrix24.operating import Operating, read_operating
from shared.model.errors import PortageError, RetryLater
from shared.model.json import Json, JsonObject, as_map


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """One answered ``batch``: every command is either in ``results`` or in ``errors``.

    ``operating`` is keyed by method. ``totals`` are counts, where the portal tells them; ``nexts`` the offsets of
    following pages, which a full page alone does not tell. ``raw`` is the body as it came, ``seconds`` how long it
    took.
    """

    results: dict[str, Json]
    errors: dict[str, PortageError]
    totals: dict[str, int]
    nexts: dict[str, int]
    operating: dict[str, Operating]
    raw: bytes
    seconds: float


def read_batch(body: bytes, methods: Mapping[str, str], seconds: float = 0.0, decoded: Json = None) -> BatchAnswer:
    """Decode the answer to commands whose ``methods`` are given by key; ``decoded`` is the body when that is done.

    A command that the portal is silent about is an error to be tried again, never an empty result.
    """
    outer = _section(orjson.loads(body) if decoded is None else decoded, "result")
    results, failed, times = (_section(outer, name) for name in ("result", "result_error", "result_time"))
    failed |= {key: result for key, result in results.items() if is_error(result)}
    operating = _operating(times, methods)
    errors: dict[str, PortageError] = {}
    for key, method in methods.items():
        if key in failed:
            resets_in = operating[method].resets_in if method in operating else None
            error = classify_body(failed[key], 200, resets_in)
            if error is not None:
                error.message = f"{method}: {error.message}"
            errors[key] = error or RetryLater("source.unexpected_answer", f"{method}: an error without a code")
        elif key not in results:
            errors[key] = RetryLater("source.unexpected_answer", f"{method}: left out of the batch's answer")
    return BatchAnswer(
        results={key: result for key, result in results.items() if key not in errors},
        errors=errors,
        totals=_numbers(_section(outer, "result_total")),
        nexts=_numbers(_section(outer, "result_next")),
        operating=operating,
        raw=body,
        seconds=seconds,
    )


def batch_results(answer: Json) -> JsonObject:
    """The results alone, by key, of a decoded answer."""
    results = _section(_section(answer, "result"), "result")
    return {key: result for key, result in results.items() if not is_error(result)}


def batch_errors(answer: Json) -> set[str]:
    """Keys of what a decoded answer refuses, be it as an error or as a result that is one."""
    outer = _section(answer, "result")
    returned = {key for key, result in _section(outer, "result").items() if is_error(result)}
    return returned.union(_section(outer, "result_error"))


def _section(outer: Json, name: str) -> JsonObject:
    """An empty section is ``[]``."""
    return as_map(as_map(outer).get(name))


def _operating(times: JsonObject, methods: Mapping[str, str]) -> dict[str, Operating]:
    """By method: what its last command told, and by how much it grew from one command to the next."""
    told: dict[str, list[Operating]] = {}
    for key, method in methods.items():
        if (one := read_operating(times.get(key))) is not None:
            told.setdefault(method, []).append(one)
    found = {}
    for method, some in told.items():
        ordered = sorted(some, key=lambda one: one.seconds)
        grown = (ordered[-1].seconds - ordered[0].seconds) / (len(some) - 1) if len(some) > 1 else None
        found[method] = replace(ordered[-1], growth=grown)
    return found


def _numbers(section: JsonObject) -> dict[str, int]:
    """Those that are numbers, however they are written; a count of -1 is none."""
    return {key: int(value) for key, value in section.items() if str(value).isdecimal()}
