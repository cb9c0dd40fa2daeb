"""What is measured of texts: how long 10 KB of what people write take to become clean HTML."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from lab.bench.measures import Measure
from lab.simulators.bitrix24.texts import Writer
from shared.transform.text.bbcode import read_markup
from shared.transform.text.legacy_html import read_html
from shared.transform.text.links import Portal
from shared.transform.text.rendering import render
from shared.transform.text.tree import Markup

_BYTES = 10_240
_TEXTS = 40
_TRIES = 5
_AT_MOST = 2.0
"""Milliseconds."""
_PORTAL = Portal(frozenset({"portal.example"}))


def markup(_directory: Path) -> list[Measure]:
    """Posts and old HTML of 10 KB each, read and rendered with every record that they point to in the target."""
    writer = Writer(random.Random(1), [(number, f"Person {number}") for number in range(1, 200)])
    bbcode = [_text(writer.body, "\n") for _ in range(_TEXTS)]
    html = [_text(writer.html, "") for _ in range(_TEXTS)]
    return [
        Measure("10 KB of BBCode to clean HTML", _milliseconds(read_markup, bbcode), "ms", _AT_MOST, "at most"),
        Measure("10 KB of old HTML to clean HTML", _milliseconds(read_html, html), "ms", _AT_MOST, "at most"),
    ]


def _text(write: Callable[[], str], between: str) -> str:
    parts = [write()]
    while sum(map(len, parts)) < _BYTES:
        parts.append(write())
    return between.join(parts).encode()[:_BYTES].decode(errors="ignore")


def _milliseconds(read: Callable[[str, Portal], Markup], texts: list[str]) -> float:
    """Of the processor, the median over the texts; the best of a few tries at each, as other processes disturb it."""
    return median(min(_once(read, text) for _ in range(_TRIES)) for text in texts) * 1_000


def _once(read: Callable[[str, Portal], Markup], text: str) -> float:
    begun = time.process_time()
    found = read(text, _PORTAL)
    render(found, dict.fromkeys(found.references, "903"))
    return time.process_time() - begun
