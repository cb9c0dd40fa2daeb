"""Nodes for an address: a link to another record, a link into the web, or the label alone."""

from shared.transform.text.links import Portal, web_address
from shared.transform.text.tree import Element, Link, Node, Text


def link(address: str, label: list[Node], portal: Portal) -> list[Node]:
    """A link to ``address``; it is its own label when there is none. Of an unsafe address the label alone is left."""
    shown = portal.refers_to(address)
    if shown is not None:
        return [Link(shown, label or [Text(address)])]
    safe = web_address(address)
    if safe is None:
        return label
    return [Element("a", {"href": safe}, label or [Text(address)])]
