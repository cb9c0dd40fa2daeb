"""From BBCode to a tree that is balanced whatever the text was (API facts §9.5).

Letters are not nested but marked: bold and the like are kept as marks of runs, so ``[B]a[I]b[/B]c[/I]`` needs no
repair. Blocks and links are a real tree. A tag that closes nothing, or that cannot be here, is text: nothing visible is
lost. Depth is bounded, so reading and rendering cost time in proportion to the length.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field

from shared.transform.text.characters import normalise
from shared.transform.text.leaves import LEAVES, leaf
from shared.transform.text.links import Portal
from shared.transform.text.tags import BLOCKS, INLINE, KNOWN, MARKS, UNSTYLED, Fill, block, inline
from shared.transform.text.tokens import Tag, tokens
from shared.transform.text.tree import Element, Link, Markup, Node, Text

_MAX_BLOCKS = 24
_MAX_INLINE = 4
_ADDRESS = re.compile(r"https?://[^\s\[\]<>\"']{4,2048}")
_CELLS = ("TD", "TH")
_ROOMS = ("LIST", "TABLE", "TR")
"""What holds items, rows or cells and nothing else."""
_STRUCTURE = (*_ROOMS, *_CELLS)
_NOWHERE = Portal()


def read_markup(text: str, portal: Portal = _NOWHERE) -> Markup:
    """The tree of a BBCode text, and the records and files it points to. Takes any string; never raises.

    ``portal`` tells which addresses lead into the source portal.
    """
    builder = _Builder(portal)
    for token in tokens(normalise(text).strip(), KNOWN):
        if isinstance(token, str):
            builder.text(token)
        elif token.closing:
            builder.close(token)
        else:
            builder.open(token)
    return Markup.of(builder.finish())


@dataclass(slots=True)
class _Open:
    """A tag whose end has not come. ``outer`` are the marks that were on when it began."""

    name: str
    children: list[Node]
    element: Element | None = None
    fill: Fill | None = None
    outer: dict[str, int] = field(default_factory=dict)


class _Builder:
    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._stack = [_Open("", [])]
        self._marks: dict[str, int] = {}
        self._active = ""
        self._open: defaultdict[str, int] = defaultdict(int)
        self._unstyled: defaultdict[str, int] = defaultdict(int)
        self._refused: defaultdict[str, int] = defaultdict(int)
        self._ended_early: defaultdict[str, int] = defaultdict(int)
        self._after_block = False

    def text(self, text: str) -> None:
        if self._after_block:
            text = text.removeprefix("\n")
            self._after_block = False
        if not text or (self._top.name in _ROOMS and not text.strip()):
            return
        self._make_room()
        children = self._top.children
        marks = self._active
        for number, line in enumerate(text.split("\n")):
            if number:
                children.append(Element("br", {}, [], marks))
            if "://" in line:
                children += self._addresses(line, marks)
            elif line:
                children.append(Text(line, marks))

    def open(self, tag: Tag) -> None:
        if tag.name in MARKS:
            mark = MARKS[tag.name]
            self._set_marks({**self._marks, mark: self._marks.get(mark, 0) + 1})
        elif tag.name in UNSTYLED:
            self._unstyled[tag.name] += 1
        elif tag.name in LEAVES:
            self._leaf(tag)
        elif tag.name in INLINE:
            self._inline(tag)
        elif tag.name in BLOCKS:
            self._block(tag)
        elif not self._part(tag):
            self.text(tag.source)

    def close(self, tag: Tag) -> None:
        name = tag.name
        if mark := self._marks.get(MARKS.get(name, "")):
            self._set_marks({**self._marks, MARKS[name]: mark - 1})
        elif self._unstyled[name]:
            self._unstyled[name] -= 1
        elif self._refused[name]:
            self._refused[name] -= 1
        elif self._open[name]:
            self._pop_to(name)
            self._pop(explicit=True)
        elif self._ended_early[name]:
            self._ended_early[name] -= 1
        else:
            self.text(tag.source)

    def finish(self) -> list[Node]:
        while len(self._stack) > 1:
            self._pop()
        return _trimmed(self._top.children)

    @property
    def _top(self) -> _Open:
        return self._stack[-1]

    def _set_marks(self, marks: dict[str, int]) -> None:
        self._marks = marks
        self._active = "".join(mark for mark in "bius" if marks.get(mark))

    def _addresses(self, line: str, marks: str) -> list[Node]:
        """A line of text; addresses of the portal's records in it are links."""
        if not self._portal.hosts or self._open["URL"]:
            return [Text(line, marks)]
        nodes: list[Node] = []
        start = 0
        for match in _ADDRESS.finditer(line):
            address = match[0].rstrip(".,;:!?)")
            ref = self._portal.refers_to(address)
            if ref is not None:
                nodes += [Text(line[start : match.start()], marks), Link(ref, [Text(address)], marks)]
                start = match.start() + len(address)
        return [*nodes, Text(line[start:], marks)]

    def _leaf(self, tag: Tag) -> None:
        nodes = leaf(tag, self._portal)
        if nodes is None:
            self.text(tag.source)
            return
        block_like = tag.name in ("CODE", "HR")
        if block_like:
            self._end_paragraph()
        self._make_room()
        marks = "" if block_like else self._active
        for node in nodes:
            node.marks = marks
        self._top.children.extend(nodes)
        self._after_block = block_like

    def _inline(self, tag: Tag) -> None:
        fill = inline(tag, self._portal)
        if fill is None:
            self.text(tag.source)
            return
        self._after_block = False
        self._make_room()
        if tag.name == "URL" and self._open["URL"]:
            self._pop_to("URL")
            self._pop()
        if all(one.fill is not None for one in self._stack[-_MAX_INLINE:]):
            self._refused[tag.name] += 1
            self._top.children.extend(fill([]))
            return
        self._push(_Open(tag.name, [], fill=fill))

    def _block(self, tag: Tag) -> None:
        if len(self._stack) > _MAX_BLOCKS:
            self._refused[tag.name] += 1
            return
        self._end_paragraph()
        self._make_room()
        self._push_element(tag)

    def _part(self, tag: Tag) -> bool:
        """Begin an item, row or cell in the list or table that is nearest; False if there is none."""
        nearest = next((one.name for one in reversed(self._stack) if one.name in _STRUCTURE), "")
        fits = {"*": ("LIST",), "TR": ("TABLE", "TR", *_CELLS)}.get(tag.name, ("TABLE", "TR", *_CELLS))
        if nearest not in fits:
            return False
        self._pop_to("LIST" if tag.name == "*" else "TABLE" if tag.name == "TR" or nearest == "TABLE" else "TR")
        if tag.name in _CELLS and self._top.name == "TABLE":
            self._push_element(Tag("", "TR"))
        self._push_element(tag)
        return True

    def _end_paragraph(self) -> None:
        """No block stands inside of a link or a paragraph."""
        while self._top.fill is not None or self._top.name == "P":
            self._pop()

    def _make_room(self) -> None:
        """What stands in a list or table without an item or cell gets one."""
        if self._top.name not in _ROOMS:
            return
        if self._top.name == "LIST":
            self._push_element(Tag("", "*"))
        if self._top.name == "TABLE":
            self._push_element(Tag("", "TR"))
        if self._top.name == "TR":
            self._push_element(Tag("", "TD"))

    def _push_element(self, tag: Tag) -> None:
        element = block(tag)
        self._push(_Open(tag.name, element.children, element))
        self._after_block = True

    def _push(self, one: _Open) -> None:
        one.outer = self._marks
        self._stack.append(one)
        self._open[one.name] += 1

    def _pop_to(self, name: str) -> None:
        while self._top.name != name:
            self._pop()

    def _pop(self, *, explicit: bool = False) -> None:
        one = self._stack.pop()
        self._open[one.name] -= 1
        if not explicit:
            self._ended_early[one.name] += 1
        if one.fill is not None:
            # Without its end nobody knows what the label was: the text goes on beside the link.
            self._top.children.extend(one.fill(one.children) if explicit else one.fill([]) + one.children)
            return
        if one.element is not None:
            children = _trimmed(one.children)
            one.element.children = [Element("tbody", {}, children)] if children and one.name == "TABLE" else children
            self._top.children.append(one.element)
            if self._marks is not one.outer:
                self._set_marks({mark: min(n, one.outer.get(mark, 0)) for mark, n in self._marks.items()})
            self._after_block = True


def _trimmed(nodes: list[Node]) -> list[Node]:
    """Nodes without the line breaks at their end: they show nothing."""
    end = len(nodes)
    while end and isinstance(last := nodes[end - 1], Element) and last.name == "br":
        end -= 1
    return nodes[:end]
