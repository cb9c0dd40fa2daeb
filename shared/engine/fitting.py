"""What fits into a column: of a list that grows with what people do, the newest, and what may not be missing."""

import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from shared.model.json import JsonObject

One = TypeVar("One")


def newest_within(
    room: int, ones: Sequence[One], dump: Callable[[One], JsonObject], needed: Callable[[One], bool]
) -> tuple[One, ...]:
    """Those that are ``needed``, and the newest of the others (the last ones) that there is room for beside them.

    ``room`` is in characters of JSON, as ``dump`` gives it: a column of the stores holds 32,768, and a Cyrillic letter
    takes six.
    """
    sizes = [len(json.dumps(dump(one))) for one in ones]
    stays = [needed(one) for one in ones]
    left = room - sum(size for size, stay in zip(sizes, stays, strict=True) if stay)
    kept: list[One] = []
    for one, size, stay in reversed(list(zip(ones, sizes, stays, strict=True))):
        if not stay:
            left -= size
        if stay or left >= 0:
            kept.append(one)
    return tuple(reversed(kept))
