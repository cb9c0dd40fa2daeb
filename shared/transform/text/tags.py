"""What each BBCode tag of the portal means (API facts §9.5; message formatting in the chat bot documentation)."""

import re
from collections.abc import Callable

from shared.transform.text.addressing import link
from shared.transform.text.leaves import LEAVES
from shared.transform.text.links import Portal, as_typed
from shared.transform.text.tokens import Tag
from shared.transform.text.tree import Element, Link, Node, Ref, Text, text_of

Fill = Callable[[list[Node]], list[Node]]
"""Makes the nodes of an inline tag from what stood between it and its end."""

MARKS = {"B": "b", "I": "i", "U": "u", "S": "s"}
UNSTYLED = frozenset({"COLOR", "SIZE", "FONT"})
"""Tags that only set a style: styles are not let through. What they enclose stays."""
BLOCKS = frozenset({"QUOTE", "LIST", "TABLE", "LEFT", "CENTER", "RIGHT", "JUSTIFY", "P", "SPOILER"})
PARTS = frozenset({"*", "TR", "TD", "TH"})
INLINE = frozenset({"URL", "USER", "CHAT", "CONTEXT", "DEPARTMENT", "PROJECT", "CALL", "SEND", "PUT"})
KNOWN = UNSTYLED | BLOCKS | PARTS | INLINE | LEAVES.keys() | MARKS.keys()

_MENTIONS = {"USER": "user", "CHAT": "chat", "DEPARTMENT": "department", "PROJECT": "group"}
_MENTIONED = re.compile(r"(?:chat|sg)?([0-9]{1,18})")
_MESSAGE = re.compile(r"(?:chat([0-9]{1,18})|[0-9]{1,18})/([0-9]{1,18})")
_NOT_DIALLED = re.compile(r"[^0-9*#,;]")
_TITLES = {"QUOTE": "cite", "SPOILER": "summary"}
_ELEMENTS = {"*": "li", "QUOTE": "blockquote", "SPOILER": "details"}


def block(tag: Tag) -> Element:
    """The element of a block or of a part of one, with a title if the tag gives one."""
    match tag.name:
        case "LIST":
            return Element("ol" if tag.phrase == "1" else "ul")
        case "LEFT" | "CENTER" | "RIGHT" | "JUSTIFY":
            return Element("div", {"align": tag.name.lower()})
    element = Element(_ELEMENTS.get(tag.name, tag.name.lower()))
    if tag.name in _TITLES and tag.phrase:
        element.children.append(Element(_TITLES[tag.name], children=[Text(tag.phrase)]))
    return element


def inline(tag: Tag, portal: Portal) -> Fill | None:
    """How an inline tag becomes nodes once its end is known; None when it makes no sense and is text."""
    match tag.name:
        case "URL":
            return lambda label: link(as_typed(tag.phrase or text_of(label)), label, portal)
        case "CALL":
            return lambda label: _call(tag.phrase or text_of(label), label)
        case "SEND" | "PUT":
            return lambda label: label or [Text(tag.phrase)]
        case "CONTEXT":
            message = _MESSAGE.fullmatch(tag.first)
            return _mention(Ref("chat_message", message[2], message[1])) if message else _label_alone
    if not tag.first:
        return None
    number = _MENTIONED.fullmatch(tag.first)
    return _mention(Ref(_MENTIONS[tag.name], number[1])) if number else _label_alone


def _mention(ref: Ref) -> Fill:
    return lambda label: [Link(ref, label)]


def _label_alone(label: list[Node]) -> list[Node]:
    """``[USER=all]``, ``[CHAT=imol|7]``: no record of ours."""
    return label


def _call(number: str, label: list[Node]) -> list[Node]:
    digits = _NOT_DIALLED.sub("", number)
    if not digits:
        return label or [Text(number)]
    plus = "+" if number.strip().startswith("+") else ""
    return [Element("a", {"href": f"tel:{plus}{digits}"}, label or [Text(number)])]
