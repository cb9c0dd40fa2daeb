"""Reading the query of list routes: closed names, closed values, whole numbers."""

import re
from collections.abc import Collection

import azure.functions as func

from shared.model.quoting import has_control_characters, quoted
from triggers.problems import Problem

_KEYS = ("code", "clientId")
"""How the platform takes a function key in the query; no route of ours sees to them."""

_NUMBER = re.compile(r"[0-9]{1,9}")

CONTROL_CHARACTERS = "has control characters; expected plain text"

LARGEST_PAGE = 1000
DEFAULT_PAGE = 100


def read_query(request: func.HttpRequest, *names: str) -> dict[str, str]:
    """The query of ``request``. Raises Problem INVALID_REQUEST for a name that is not one of ``names``, or no value."""
    query = {name: value for name, value in request.params.items() if name not in _KEYS}
    if unknown := sorted(set(query) - set(names)):
        known = f"expected {', '.join(names)}" if names else "this route takes none"
        raise invalid(quoted(unknown[0]), f"unknown; {known}")
    for name, value in query.items():
        if has_control_characters(value):
            raise invalid(name, CONTROL_CHARACTERS)
        if not value.strip():
            raise invalid(name, "is empty; give a value, or leave it out")
    return query


def one_of(query: dict[str, str], name: str, values: Collection[str]) -> str | None:
    """A value from a closed list, or None when it is left out. Raises Problem INVALID_REQUEST."""
    value = query.get(name)
    if value is not None and value not in values:
        raise invalid(name, f"expected one of {', '.join(values)}")
    return value


def page_size(query: dict[str, str]) -> int:
    """``limit``: how many items a page may have. Raises Problem INVALID_REQUEST."""
    text = query.get("limit", str(DEFAULT_PAGE))
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= LARGEST_PAGE:
        raise invalid("limit", f"expected a whole number from 1 to {LARGEST_PAGE}")
    return int(text)


def invalid(field: str, message: str) -> Problem:
    """What is wrong with one field or name of a request."""
    return Problem("INVALID_REQUEST", f"{field}: {message}", [{"field": field, "message": message}])
