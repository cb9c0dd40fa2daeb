"""Pages of a list: where they begin, how long they are, where the next one begins."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from gateway.errors import CallError

_MOST = 1000

T = TypeVar("T")


def page_of(body: dict[str, Any]) -> tuple[str, int]:
    """``after`` and ``limit`` of a call; a longer page than 1,000 is cut to that. Raises CallError MALFORMED."""
    after, limit = body.get("after"), body.get("limit")
    after = "" if after is None else after
    limit = _MOST if limit is None else limit
    if not isinstance(after, str) or not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise CallError("MALFORMED", "after must be text, and limit a whole number above 0")
    return after.partition("\0")[0], min(limit, _MOST)  # no id holds it, and not every database takes it


def cut(found: Sequence[T], limit: int, position: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """A page out of up to ``limit + 1`` found ones, and ``next``: its last position, None when nothing follows."""
    if len(found) <= limit:
        return found, None
    return found[:limit], position(found[limit - 1])
