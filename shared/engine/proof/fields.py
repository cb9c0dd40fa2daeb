"""Field by field: what a record should be, held against what the target has."""

from collections.abc import Iterator

from shared.engine.proof.findings import Finding, shown
from shared.model.json import Json, JsonObject


def differences(source_id: str, target_id: str, expected: JsonObject, found: JsonObject) -> list[Finding]:
    """The fields in which ``found`` is not as ``expected``, the innermost that tell."""
    return [
        Finding("differs", source_id, target_id, _told(name, one, other), name, shown(one), shown(other))
        for name, one, other in differing("", expected, found)
    ]


def differing(place: str, expected: Json, found: Json) -> Iterator[tuple[str, Json, Json]]:
    """The places below ``place`` that differ, the innermost that tell, with both values."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in sorted(expected.keys() | found.keys()):
            yield from differing(f"{place}.{name}" if place else name, expected.get(name), found.get(name))
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differing(f"{place}.{number}", one, other)
    elif expected != found or isinstance(expected, bool) is not isinstance(found, bool):
        yield place, expected, found


def _told(name: str, expected: Json, found: Json) -> str:
    if found is None:
        return f"{name} is empty at the target"
    return f"{name} is something else at the target" if expected is not None else f"{name} should be empty"
