"""The words of a text as the portal has it: BBCode without its tags, old HTML without its elements (API facts §9.5)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Shown = Callable[["Mention"], str]
"""What stands for a mention, besides its label."""

_TAG = re.compile(r"\[(/?)(\w+|\*)((?:[ =][^\[\]]*)?)\]")
_CLOSING = re.compile(r"\[/\w+\]")
_NUMBER = re.compile(r"(?:chat|sg)?(\d+)$")
_ID = re.compile(r"\bID=(n?)(\d+)", re.IGNORECASE)
_EMOJI = re.compile(r":(f[0-4][0-9a-f]{6}):")

_INLINE = frozenset("B I U S COLOR SIZE FONT CALL SEND PUT".split())  # noqa: SIM905 - reads as a list
_BLOCKS = frozenset("QUOTE LIST * TABLE TR TD TH LEFT CENTER RIGHT JUSTIFY P SPOILER BR HR".split())  # noqa: SIM905
_MENTIONS = {"USER": "user", "CHAT": "chat", "DEPARTMENT": "department", "PROJECT": "group"}
_FILES = ("DISK", "DOCUMENT")


@dataclass(frozen=True, slots=True)
class Mention:
    """A link to a record of the portal. ``entity`` is ``file`` for a file of the drive, ``attached`` for one that is
    named by the number of its attachment."""

    entity: str
    source_id: str

    @property
    def marker(self) -> str:
        """What tells the reader of a link that leads nowhere in the target."""
        if self.entity in ("file", "attached"):
            return f"[file {'n' if self.entity == 'file' else ''}{self.source_id}]"
        return f"[{self.entity.replace('_', ' ')} {self.source_id}]"


def decoded(text: str) -> str:
    """Emoji that a kernel stored as hexadecimal digits, as emoji."""
    return _EMOJI.sub(lambda match: bytes.fromhex(match[1]).decode(errors="replace"), text)


def words(text: str) -> str:
    """Runs of white space are one space, and tags that only close are nothing: some close what was never opened."""
    return " ".join(_CLOSING.sub("", text).split())


def mentions(text: str) -> list[Mention]:
    """Every link to a record or a file, in order, as often as it is there."""
    found: list[Mention] = []

    def note(one: Mention) -> str:
        found.append(one)
        return ""

    bbcode_words(text, note)
    return found


def bbcode_words(text: str, shown: Shown) -> str:
    """The words that a reader sees. ``shown`` gives what stands behind the label of a mention."""
    return words("".join(_pieces(decoded(text), shown)))


def _pieces(text: str, shown: Shown) -> Iterator[str]:
    place = 0
    open_mentions: list[Mention | None] = []
    while (match := _TAG.search(text, place)) is not None:
        yield text[place : match.start()]
        place = match.end()
        closes, name, rest = bool(match[1]), match[2].upper(), match[3]
        if name == "CODE" and not closes:
            end = re.compile(r"\[/CODE\]", re.IGNORECASE).search(text, place)
            yield f" {text[place : end.start() if end else len(text)]} "
            place = end.end() if end else len(text)
        elif name in _MENTIONS:
            yield from _mention(name, rest, open_mentions, shown, closes=closes)
        elif name in _FILES and (number := _ID.search(rest)):
            yield shown(Mention("file" if number[1] else "attached", number[2]))
        elif name == "IMG" or name == "URL":
            if not closes and name == "URL" and not rest:
                continue
        elif name in _BLOCKS:
            title = rest.removeprefix("=") if not closes and name in ("QUOTE", "SPOILER") else ""
            yield f" {title} "
        elif name not in _INLINE:
            yield match[0]
    yield text[place:]


def _mention(name: str, rest: str, opened: list[Mention | None], shown: Shown, *, closes: bool) -> Iterator[str]:
    if not closes:
        number = _NUMBER.match(rest.removeprefix("=").split(" ")[0])
        opened.append(Mention(_MENTIONS[name], number[1]) if number else None)
    elif opened and (one := opened.pop()) is not None and (behind := shown(one)):
        yield f" {behind}"
