"""Known ways to get something that runs into a page, as data: ``data/markup_attacks.json``.

``html`` and ``bbcode`` are whole texts. ``addresses`` are what an attacker writes for an address or another value, and
``carriers`` the BBCode tags that may carry one, at ``{}``.
"""

import json
from pathlib import Path

_DATA = json.loads((Path(__file__).parent / "data" / "markup_attacks.json").read_text(encoding="utf-8"))
_HTML_CARRIERS = [
    '<a href="{}">x</a>',
    "<a href='{}'>x</a>",
    "<a href={}>x</a>",
    '<img src="{}" alt="{}">',
    "<img src={}>",
]

ATTACKS: list[str] = [*_DATA["html"], *_DATA["bbcode"]]
CARRIERS: list[str] = [*_DATA["carriers"], *_HTML_CARRIERS]
ADDRESSES: list[str] = _DATA["addresses"]


def carried(carrier: str, address: str) -> str:
    """The carrier with the address wherever it can stand."""
    return carrier.replace("{}", address)
