"""A write call of the import gateway of which a part fails for now (contract §2, ``TRANSIENT``)."""

import json
from collections.abc import Callable
from typing import Any

from lab.faults.wire import Message


def split(request: Message, part: Callable[[int], list[int]]) -> tuple[Message, list[str]] | None:
    """The request without some of its items, and their source ids; None when it is no write of several items.

    ``part`` picks places out of a number of them. What is left out never arrives: that is what TRANSIENT promises.
    """
    if not request.plain or len(items := _items(request)) < 2:
        return None
    failing = frozenset(part(len(items)))
    if not all("source_id" in item and "data" in item for item in items):
        return None
    document = json.loads(request.body)
    document["items"] = [item for place, item in enumerate(items) if place not in failing]
    names = [str(items[place]["source_id"]) for place in sorted(failing)]
    return request.with_body(json.dumps(document).encode()), names


def joined(answer: Message, failed: list[str]) -> Message:
    """The gateway's answer to the rest, with ``failed`` among those that may be repeated."""
    if answer.status != 200 or not answer.plain:
        return answer
    document = json.loads(answer.body)
    document["failed"] += [
        {"source_id": name, "code": "TRANSIENT", "field": None, "reason": "busy", "retryable": True} for name in failed
    ]
    return answer.with_body(json.dumps(document).encode())


def _items(request: Message) -> list[dict[str, Any]]:
    try:
        document = json.loads(request.body)
    except ValueError:
        return []
    items = document.get("items") if isinstance(document, dict) else None
    return items if isinstance(items, list) else []
