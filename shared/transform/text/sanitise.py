"""The last line: HTML of which only what is listed here is left."""

import html
import re
from typing import Literal

import nh3

from shared.transform.text.links import SCHEMES

ENTITY = "data-entity"
"""Attribute that names the entity of a record or ``media``, next to its target id."""
TARGET_ID = "data-id"

REL = "noopener noreferrer nofollow"
"""What every link says of where it leads."""

_INLINE = {"a", "abbr", "b", "br", "cite", "code", "del", "em", "i", "img", "ins", "kbd", "q", "s", "small", "span"}
_MORE_INLINE = {"strike", "strong", "sub", "sup", "time", "u", "var", "wbr"}
_BLOCKS = {"blockquote", "caption", "dd", "details", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li"}
_MORE_BLOCKS = {"ol", "p", "pre", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"}
TAGS = frozenset(_INLINE | _MORE_INLINE | _BLOCKS | _MORE_BLOCKS)
"""Elements that are kept; of any other the content stays."""

_ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),  # or the library lets lang and title through on all
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "span": {ENTITY, TARGET_ID},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
    "time": {"datetime"},
}
_ALIGN = {"align": {"left", "center", "right", "justify"}}
_SILENT = {"script", "style"}
"""Elements whose content no reader ever saw."""


_PLAIN = re.compile(r"[^<>&\x00\r\xa0\ufeff]*+")
"""Text in which no parser sees anything but text."""
_PREFORMATTED = re.compile(r"<pre>\n+")
_LINK_NOWHERE = re.compile(r"<a(?: rel=\"[^\"]*\")?>(.*?)</a>", re.DOTALL)
_PICTURE_OF_NOTHING = re.compile(r"<img(?! src=)((?: (?!src=)[a-z]+=\"[^\"]*\")*+)>")
_WORDS = re.compile(r" alt=\"([^\"]*)\"")
_MAX_DEPTH = 1000
_MAX_ROUNDS = 8
_START_OR_END = re.compile(r"<(/?)([a-z][a-z0-9]*)[^<>]*+>?", re.IGNORECASE)
_ENDS_ITSELF = {"p", "li", "dt", "dd", "td", "th", "tr", "tbody", "br", "hr", "img", "wbr", "input", "meta", "link"}


def _cleaner(url_relative: Literal["deny", "pass_through"], link_rel: str | None) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(TAGS),
        attributes=_ATTRIBUTES,
        tag_attribute_values={"div": _ALIGN, "p": _ALIGN},
        clean_content_tags=_SILENT,
        url_schemes=set(SCHEMES),
        url_relative=url_relative,
        link_rel=link_rel,
    )


_strict = _cleaner("deny", REL)
_reading = _cleaner("pass_through", None)


def sanitise(text: str) -> str:
    """HTML with the listed elements, attributes and URL schemes only, balanced; other text stays, escaped.

    Of a link or picture whose address is not let through, the words are left. Cleaning what is clean changes nothing.
    ``text`` must not hold lone surrogates.
    """
    if _PLAIN.fullmatch(text):
        return text
    for _ in range(_MAX_ROUNDS):  # what an unlisted element kept apart may nest wrongly once it is gone
        cleaned = _PICTURE_OF_NOTHING.sub(_words, _LINK_NOWHERE.sub(r"\1", _clean(_strict, text)))
        if cleaned == text:
            break
        text = cleaned
    return text


def tidy(text: str) -> str:
    """Balanced HTML of listed elements and attributes, with relative addresses left in, for a reader that knows whose
    they are. Elements may be nested as they must not be; ``sanitise`` mends that."""
    return _clean(_reading, text)


def _clean(cleaner: nh3.Cleaner, text: str) -> str:
    """Cleaned, without line ends after ``<pre>``: every parser drops one, so that each cleaning would take one away."""
    return _PREFORMATTED.sub("<pre>", cleaner.clean(_flattened(text)))


def _words(picture: re.Match[str]) -> str:
    alt = _WORDS.search(picture[1])
    return html.escape(html.unescape(alt[1]), quote=False) if alt else ""


def _flattened(text: str) -> str:
    """HTML without start tags beyond a depth that no person writes: the parser's time grows with depth times length."""
    if text.count("<") <= _MAX_DEPTH:
        return text
    depth = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal depth
        if match[2].lower() in _ENDS_ITSELF:
            return match[0]
        depth = max(0, depth - 1) if match[1] else depth + 1
        return match[0] if depth <= _MAX_DEPTH else ""

    return _START_OR_END.sub(keep, text)
