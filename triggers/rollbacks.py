"""Rollbacks as the HTTP API tells them."""

import re
from collections.abc import Sequence
from dataclasses import asdict

from shared.engine.undo.asking import Preview
from shared.engine.undo.results import Told
from shared.model.json import JsonObject
from triggers.queries import invalid

_PLACE = re.compile(r"[0-9]{1,9}")


def previewed(preview: Preview) -> JsonObject:
    """What an undo takes, and the token that confirms it."""
    counts = [asdict(one) for one in preview.scope]
    return {
        "run_id": preview.run.run_id,
        "entities": {one.pop("entity"): one for one in counts},
        "whole": preview.whole,
        "stays": list(preview.stays),
        "may_go_along": list(preview.may_go_along),
        "later": list(preview.later),
        "token": preview.token,
        "expires_at": preview.expires_at.isoformat().replace("+00:00", "Z"),
    }


def told(
    run_id: str, figures: JsonObject, records: Sequence[Told], following: int | None, *, under_way: bool
) -> JsonObject:
    """Counts, and a page of what was left."""
    items = [{name: value for name, value in asdict(one).items() if name != "place"} for one in records]
    place = None if following is None else str(following)
    return {"run_id": run_id, "under_way": under_way, **figures, "items": items, "next": place}


def read_place(text: str | None) -> int:
    """The place in ``after``. Raises Problem INVALID_REQUEST for one that no answer gave as next."""
    if text is None:
        return 0
    if not _PLACE.fullmatch(text):
        raise invalid("after", "expected what an answer gave as next")
    return int(text)
