"""Coverage of source fields: which are taken over, which stay behind and why, which nobody decided about."""

from collections.abc import Mapping as AbstractMapping

from shared.model.json import JsonObject
from shared.transform.mapping import Mapping


def coverage(mappings: AbstractMapping[str, Mapping], entities: AbstractMapping[str, JsonObject]) -> JsonObject:
    """By entity, of those that are imported. ``entities`` are those of the run's status.

    ``undecided`` has the number of records in which a field holds something.
    """
    return {
        name: {
            "taken_over": [_taken(mapping, field) for field in sorted(mapping.sources)],
            "ignored": [{"field": field, "reason": reason} for field, reason in sorted(mapping.ignored.items())],
            "undecided": [{"field": field, "records": count} for field, count in entities[name]["undecided"].items()],
        }
        for name, mapping in mappings.items()
        if name in entities
    }


def _taken(mapping: Mapping, source: str) -> JsonObject:
    return {"field": source, "into": [rule.name for rule in mapping.rules if source in rule.sources]}
