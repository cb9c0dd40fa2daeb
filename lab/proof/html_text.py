"""The words of an HTML text, and the records it links to. A picture from the web is read as its address."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from lab.proof.source_text import words

_INLINE = frozenset("a b i u s em strong span font code sup sub small mark del ins cite abbr".split())  # noqa: SIM905
_UNSEEN = frozenset({"script", "style", "head", "title"})
_ELEMENT = re.compile(r"<(?:br\s*/?|/?(?:a|b|i|u|p|div|span|ul|ol|li|table)(?:\s[^<>]*)?)>", re.IGNORECASE)


@dataclass(slots=True)
class Read:
    """``links``: (entity, target id) of every link to a record, in order. ``unsafe``: what must never be there."""

    words: str
    links: list[tuple[str, str]] = field(default_factory=list)
    unsafe: list[str] = field(default_factory=list)


def is_html(text: str) -> bool:
    """Whether a text of unknown kind is old HTML: an element is in it that nobody types by chance."""
    return _ELEMENT.search(text) is not None


def read_html(text: str) -> Read:
    """Read the HTML of either side."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return Read(words("".join(reader.pieces)), reader.links, reader.unsafe)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.unsafe: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _UNSEEN:
            self._unseen += 1
            self.unsafe.append(tag)
        self.unsafe += [name for name in given if name.startswith("on") or name == "style"]
        self.unsafe += [
            value for value in given.values() if re.match(r"\s*(?:javascript|data|vbscript):", value, re.IGNORECASE)
        ]
        if "data-entity" in given:
            self.links.append((given["data-entity"], given.get("data-id", "")))
        if tag == "img":
            self.pieces.append(given.get("src", ""))
        elif tag not in _INLINE:
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        if tag not in _INLINE:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(data)
