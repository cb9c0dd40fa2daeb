"""Places in the list of what lacks of a run's records, as the HTTP API tells them."""

import re

from shared.engine.runs.flaws import Place
from triggers.queries import invalid

_PLACE = re.compile(r"([a-z_]{1,100})/([0-9]{1,9})/([a-z0-9-]{1,30})/([0-9]{1,9})")


def written(place: Place | None) -> str | None:
    """A place as answers give it in ``next``."""
    return f"{place.entity}/{place.range_no}/{place.row}/{place.index}" if place else None


def read_place(text: str | None) -> Place | None:
    """A place as requests give it in ``after``. Raises Problem INVALID_REQUEST for one that is none."""
    if text is None:
        return None
    found = _PLACE.fullmatch(text)
    if found is None:
        raise invalid("after", "expected what an answer gave as next")
    entity, range_no, row, index = found.groups()
    return Place(entity, int(range_no), row, int(index))
