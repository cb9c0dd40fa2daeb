"""From HTML of old tasks and mails to the tree of ``bbcode``, through the sanitiser."""

import html
import re

from shared.transform.text.addressing import link
from shared.transform.text.characters import normalise
from shared.transform.text.links import Portal, web_address
from shared.transform.text.sanitise import tidy
from shared.transform.text.tree import Element, Link, Markup, Node, Text

_MAX_DEPTH = 64
_PIECE = re.compile(r"<(/?)([a-z][a-z0-9]*)((?: [a-z-]+=\"[^\"]*\")*+)>")
_ATTRIBUTE = re.compile(r" ([a-z-]+)=\"([^\"]*)\"")
_VOID = frozenset({"br", "hr", "img", "wbr"})
_ELEMENT = re.compile(
    r"<(?:br\s?/?|/?(?:a|b|i|u|p|div|span|font|table|ul|ol|li|strong|em)(?:\s[^<>]*+)?)>",
    re.IGNORECASE,
)
_NOWHERE = Portal()


def looks_like_html(text: str) -> bool:
    """Whether a text whose kind the source does not tell holds an element that people do not type by chance."""
    return _ELEMENT.search(text) is not None


def read_html(text: str, portal: Portal = _NOWHERE) -> Markup:
    """The tree of an HTML text, cleaned, and the records and files it points to. Takes any string; never raises."""
    clean = normalise(tidy(normalise(text)))  # the second time for what was written as an entity
    return Markup.of(_tree(clean.strip(), portal))


def _tree(clean: str, portal: Portal) -> list[Node]:
    """The tree of HTML as the sanitiser writes it: balanced, attributes quoted, ``<`` escaped in text."""
    stack: list[Element] = [Element("")]
    too_deep = 0
    position = 0
    for piece in _PIECE.finditer(clean):
        _add_text(stack[-1], clean[position : piece.start()])
        position = piece.end()
        closing, name, attributes = piece.groups()
        if name in _VOID:
            stack[-1].children.extend(_void(name, _values(attributes), portal))
        elif not closing and len(stack) > _MAX_DEPTH:
            too_deep += 1
        elif not closing:
            stack.append(Element(name, _values(attributes)))
        elif too_deep:
            too_deep -= 1
        else:
            done = stack.pop()
            stack[-1].children.extend(_finished(done, portal))
    _add_text(stack[0], clean[position:])
    return stack[0].children


def _add_text(parent: Element, escaped: str) -> None:
    if escaped:
        parent.children.append(Text(html.unescape(escaped)))


def _values(attributes: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(attributes)}


def _finished(element: Element, portal: Portal) -> list[Node]:
    if element.name == "a":
        return link(element.attributes.get("href", ""), element.children, portal)
    if element.name == "span":
        return element.children  # ours alone say something
    return [element]


def _void(name: str, attributes: dict[str, str], portal: Portal) -> list[Node]:
    if name != "img":
        return [Element(name, attributes)]
    address = attributes.get("src", "")
    words: list[Node] = [Text(attributes["alt"])] if attributes.get("alt") else []
    if shown := portal.file_at(address):
        return [Link(shown, words)]
    return [Element(name, attributes)] if web_address(address) else words
