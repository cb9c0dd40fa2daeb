"""Calls to both sides, and the evidence that nothing was written to the source."""

from collections.abc import Mapping

from shared.model.json import JsonObject

_OK = "ok"
_REFUSED_WRITE = "source.write_refused"

HOW = (
    "Every call is made by one transport, which holds a list of the source's read methods. Anything else, inside a "
    "batch too, is refused before it leaves and is counted here as a refused write."
)
"""Why the list of methods is evidence."""

Methods = Mapping[str, Mapping[str, int]]
"""Calls by method and verdict, as the status has them."""


def evidence(source: Methods) -> JsonObject:
    """``refused_writes`` are attempts that were stopped before they left; a sound system has none."""
    return {
        "how": HOW,
        "methods": _table(source),
        "calls": _sum(source),
        "refused_writes": sum(verdicts.get(_REFUSED_WRITE, 0) for verdicts in source.values()),
    }


def effort(source: Methods, target: Methods, failures: JsonObject) -> JsonObject:
    """Calls to both sides; ``failures`` are the status's: what trying again was good for."""
    return {"source": _sum(source), "target": _sum(target), "target_methods": _table(target), "failures": failures}


def _table(methods: Methods) -> list[JsonObject]:
    return [
        {
            "method": method,
            "ok": verdicts.get(_OK, 0),
            "other": {verdict: count for verdict, count in verdicts.items() if verdict != _OK},
        }
        for method, verdicts in methods.items()
    ]


def _sum(methods: Methods) -> int:
    return sum(sum(verdicts.values()) for verdicts in methods.values())
