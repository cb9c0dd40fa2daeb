"""BBCode cut into text and tags, in one pass whose cost grows with the length of the text only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TAG = re.compile(
    r"\[(?P<closing>\\?/)?(?P<name>[A-Za-z]{1,12}|\*)"
    r"(?:"
    r"(?<=(?i:URL))=(?P<address>(?:[^\[\]\s]|\[[\w.%-]{0,64}\])++)"  # an address may hold brackets: ?filter[id]=1
    r"|=(?P<value>[^\[\]\n]*+)"
    r"|(?P<rest>\s[^\[\]\n]*+)?+"
    r")\]"
)
_ATTRIBUTE = re.compile(r"([A-Za-z]{1,20})\s?=\s?(?:\"([^\"]{0,2048})\"|'([^']{0,2048})'|([^\s\"']{1,2048}))")
_RAW = {
    "CODE": re.compile(r"\[\\?/CODE\]", re.IGNORECASE),
    "IMG": re.compile(r"([^\[\]\n]{1,2048}+)\[\\?/IMG\]", re.IGNORECASE),
    "VIDEO": re.compile(r"([^\[\]\n]{1,2048}+)\[\\?/VIDEO\]", re.IGNORECASE),
}


@dataclass(slots=True)
class Tag:
    """A tag as it was written. ``value`` follows the name after ``=``; ``rest`` is what else stands in the brackets.

    ``content`` is what stands between a tag and its end tag when that is no markup: code, the address of a picture.
    """

    source: str
    name: str
    closing: bool = False
    value: str = ""
    rest: str = ""
    content: str | None = None

    @property
    def first(self) -> str:
        """The first word of the value, without quotes."""
        words = self.value.split(None, 1)
        return words[0].strip("\"'") if words else ""

    @property
    def phrase(self) -> str:
        """The whole value, without quotes and blanks around it."""
        return self.value.strip().strip("\"'").strip()

    @property
    def attributes(self) -> dict[str, str]:
        """``KEY=value`` pairs behind the name or behind the first word of the value; keys in lower case."""
        found = _ATTRIBUTE.findall(f"{self.value.partition(' ')[2]} {self.rest}")
        return {key.lower(): "".join(values) for key, *values in found}


Token = str | Tag


def tokens(text: str, known: frozenset[str]) -> Iterator[Token]:
    """Text and tags, in order; tags whose name in upper case is not ``known`` are text."""
    absent: set[str] = set()
    start = position = 0
    while match := _TAG.search(text, position):
        position = match.end()
        tag = _tag(match)
        if tag.name not in known:
            continue
        if tag.name in _RAW and not tag.closing and "id" not in tag.attributes:
            raw = None if tag.name in absent else _content(tag.name, text, position)
            if raw is None:
                if tag.name == "CODE":
                    absent.add(tag.name)
                continue
            content, position = raw
            tag = Tag(text[match.start() : position], tag.name, value=tag.value, rest=tag.rest, content=content)
        if start < match.start():
            yield text[start : match.start()]
        yield tag
        start = position
    if start < len(text):
        yield text[start:]


def _tag(match: re.Match[str]) -> Tag:
    closing, name, address, value, rest = match.groups()
    return Tag(match[0], name.upper(), closing is not None, address or value or "", rest or "")


def _content(name: str, text: str, position: int) -> tuple[str, int] | None:
    """What stands up to the end tag, and where that ends. Only code may hold brackets and line ends."""
    end = _RAW[name].search(text, position) if name == "CODE" else _RAW[name].match(text, position)
    if end is None:
        return None
    return (text[position : end.start()] if name == "CODE" else end[1]), end.end()
