"""From a tree to clean HTML, once it is known who became whom."""

from collections.abc import Mapping, Sequence
from functools import cache
from urllib.parse import urlsplit

from shared.transform.text import tree
from shared.transform.text.sanitise import ENTITY, REL, TARGET_ID, sanitise
from shared.transform.text.tree import FILES, Element, Link, Markup, Node, Ref, Text

_VOID = frozenset({"br", "hr", "img", "wbr"})


def render(markup: Markup, resolved: Mapping[Ref, str | None]) -> str:
    """The body as clean HTML. ``resolved`` gives target ids, for files ids of media.

    A link to a record with a target id becomes ``<span data-entity="task" data-id="903">label</span>`` (``media`` is
    the entity of files), empty where the source had no label. Without one the label stays, with a marker behind it
    that names the record of the source: ``label [task 17]``.
    """
    out: list[str] = []
    _write(markup.nodes, resolved, out)
    return sanitise("".join(out)).strip()


def marker(ref: Ref) -> str:
    """What stands behind a label whose record is not in the target: ``[task 17]``, ``[file n505]``."""
    kind = "file" if ref.entity in FILES else ref.entity.replace("_", " ")
    match ref.entity:
        case tree.DISK_FILE:
            shown = f"n{ref.source_id}"
        case tree.FILE_URL:
            shown = urlsplit(ref.source_id).path.rpartition("/")[2]  # the query may be a signature
        case _:
            shown = ref.source_id
    return f"[{kind} {shown}]"


def _write(nodes: Sequence[Node], resolved: Mapping[Ref, str | None], out: list[str]) -> None:
    marks = ""
    for node in nodes:
        if node.marks != marks:
            out.append(_switch(marks, node.marks))
            marks = node.marks
        if isinstance(node, Text):
            out.append(_escaped(node.value))
        elif isinstance(node, Element):
            _write_element(node, resolved, out)
        else:
            _write_link(node, resolved, out)
    if marks:
        out.append(_switch(marks, ""))


def _escaped(text: str) -> str:
    """As the sanitiser writes it, so that it finds nothing to change and is done at once."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\xa0", "&nbsp;")


def _quotable(text: str) -> str:
    return _escaped(text).replace('"', "&quot;")


@cache
def _switch(old: str, new: str) -> str:
    """Ends and starts of marks, after which those in ``new`` are open; what both begin with stays open."""
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    ends = "".join(f"</{mark}>" for mark in reversed(old[same:]))
    return ends + "".join(f"<{mark}>" for mark in new[same:])


def _write_element(element: Element, resolved: Mapping[Ref, str | None], out: list[str]) -> None:
    name = element.name
    out.append(f"<{name}{_attributes(element)}>" if element.attributes else f"<{name}>")
    if name not in _VOID:
        _write(element.children, resolved, out)
        out.append(f"</{name}>")


def _attributes(element: Element) -> str:
    values = {**element.attributes, "rel": REL} if element.name == "a" else element.attributes
    return "".join([f' {name}="{_quotable(value)}"' for name, value in values.items()])


def _write_link(link: Link, resolved: Mapping[Ref, str | None], out: list[str]) -> None:
    target_id = resolved.get(link.ref)
    if target_id is None:
        _write(link.label, resolved, out)
        out.append(_escaped(f" {marker(link.ref)}" if link.label else marker(link.ref)))
        return
    entity = "media" if link.ref.entity in FILES else link.ref.entity
    out.append(f'<span {ENTITY}="{_quotable(entity)}" {TARGET_ID}="{_quotable(target_id)}">')
    _write(link.label, resolved, out)
    out.append("</span>")
