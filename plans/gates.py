"""The gates of a plan, read from its ``[gates]``."""

from collections.abc import Callable
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from shared.model.gates import Gates
from shared.transform.mapping_documents import MappingError


def read_gates(table: dict[str, Any]) -> Gates:
    """Raises MappingError that names the entry, what was expected of it, and what was found."""
    names = [one.name for one in fields(Gates)]
    for name, value in table.items():
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise MappingError(f"[gates]: there is no gate {name!r}, only {', '.join(names)}{hint}")
        fits, expected = _CHECKS[name]
        if not fits(value):
            raise MappingError(f"[gates] {name}: expected {expected}, found {value!r}")
    return Gates(**table)


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_SHARE = (_is_share, "a share from 0 to 1")
_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "counts_match": (lambda value: isinstance(value, bool), "true or false"),
    "sample_equal": _SHARE,
    "orphans": (_is_number, "a whole number, 0 or more"),
    "images": _SHARE,
    "dead_letters": _SHARE,
    "retries": _SHARE,
}
