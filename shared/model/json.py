"""The type of a JSON value, and the readers that turn an untyped one into what a caller expects."""

from collections.abc import Mapping, Sequence
from typing import Any

Json = Any
"""Any JSON value: ``None``, bool, int, float, str, list or dict with string keys."""

JsonObject = dict[str, Any]


def as_map(value: Json) -> JsonObject:
    """A PHP map: an object stays, an empty array (or nothing) stands for an empty map (API facts §9.1.3)."""
    return dict(value) if isinstance(value, Mapping) else {}


def as_list(value: Json) -> list[Any]:
    """A PHP array: a list stays, an object with numeric keys is a list with holes (API facts §9.1.4)."""
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return list(value)
    return []
