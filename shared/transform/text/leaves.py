"""BBCode tags without markup inside: breaks, code, pictures, files, moments (API facts §4.9, §9.5)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from shared.transform.text.addressing import link
from shared.transform.text.links import Portal, web_address
from shared.transform.text.tokens import Tag
from shared.transform.text.tree import ATTACHED_FILE, BLOG_IMAGE, DISK_FILE, Element, Link, Node, Ref, Text

_ID = re.compile(r"(n?)([0-9]{1,18})", re.IGNORECASE)
_FILE_ID = re.compile(r"\s(?:FILE\s)?ID\s?=\s?[\"']?(n?)([0-9]{1,18})(?![0-9])", re.IGNORECASE)
_PIXELS = re.compile(r"[0-9]{1,4}")
_SECONDS = re.compile(r"[0-9]{1,12}")
_HORIZON = 253402300800
"""The end of the year 9999 in Unix seconds: what a date can say."""


def leaf(tag: Tag, portal: Portal) -> list[Node] | None:
    """The nodes of a tag that needs no end; None when it makes no sense and is text."""
    return LEAVES[tag.name](tag, portal)


def _break(tag: Tag, _portal: Portal) -> list[Node]:
    return [Element(tag.name.lower())]


def _code(tag: Tag, _portal: Portal) -> list[Node]:
    code: list[Node] = [Text((tag.content or "").strip("\n"))]
    return [Element("pre", children=[Element("code", children=code)])]


def _image(tag: Tag, portal: Portal) -> list[Node] | None:
    if tag.content is not None:
        return _picture(tag.content.strip(), tag.attributes, portal) or _text(tag.content)
    number = _ID.fullmatch(tag.attributes.get("id", ""))
    return [Link(Ref(BLOG_IMAGE, number[2]))] if number else None


def _icon(tag: Tag, portal: Portal) -> list[Node] | None:
    return _picture(tag.first, tag.attributes, portal) or _text(tag.attributes.get("title", ""))


def _video(tag: Tag, portal: Portal) -> list[Node] | None:
    return link((tag.content or "").strip(), [], portal) or _text(tag.content or "")


def _moment(tag: Tag, _portal: Portal) -> list[Node] | None:
    if not _SECONDS.fullmatch(tag.first) or int(tag.first) >= _HORIZON:
        return None
    moment = datetime.fromtimestamp(int(tag.first), UTC)
    shown: list[Node] = [Text(f"{moment:%Y-%m-%d %H:%M} UTC")]
    return [Element("time", {"datetime": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}, shown)]


def _file(tag: Tag, _portal: Portal) -> list[Node] | None:
    """``[DISK FILE ID=n505]``, ``[DOCUMENT ID=7]``, ``[ATTACH=7]``: ``n`` marks the id of a Disk object, a plain id is
    that of an attached one (API facts §4.9); ``[DISK=7]`` of a message is always an object."""
    match = _ID.fullmatch(tag.first) if tag.value else _FILE_ID.match(tag.rest)
    if not match:
        return None
    on_disk = bool(match[1]) or (tag.name == "DISK" and bool(tag.value))
    return [Link(Ref(DISK_FILE if on_disk else ATTACHED_FILE, match[2]))]


def _picture(address: str, attributes: dict[str, str], portal: Portal) -> list[Node] | None:
    shown = portal.file_at(address)
    if shown is not None:
        return [Link(shown)]
    safe = web_address(address)
    if safe is None or not safe.startswith(("http://", "https://")):
        return None
    size = attributes.get("size", "")
    sides = {"width": attributes.get("width", size), "height": attributes.get("height", size)}
    kept = {name: value for name, value in sides.items() if _PIXELS.fullmatch(value)}
    return [Element("img", {"src": safe, "alt": attributes.get("title", ""), **kept})]


def _text(value: str) -> list[Node] | None:
    return [Text(value)] if value.strip() else None


LEAVES: dict[str, Callable[[Tag, Portal], list[Node] | None]] = {
    "ATTACH": _file,
    "ATTACHMENT": _file,
    "BR": _break,
    "CODE": _code,
    "DISK": _file,
    "DOCUMENT": _file,
    "HR": _break,
    "ICON": _icon,
    "IMG": _image,
    "TIMESTAMP": _moment,
    "VIDEO": _video,
}
