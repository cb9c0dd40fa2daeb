"""What is taken out of a resource once it is there: the path exists in what the provider answers."""

from collections.abc import Iterator, Mapping
from typing import Any

from tree_sitter import Node

from lab.bicep.bodies import DESCRIBED_READS
from lab.bicep.reading import Finding, Template, text_of, walk
from lab.bicep.resources import is_known

_ALWAYS = frozenset(["apiVersion", "id", "name", "type"])


def check(template: Template) -> Iterator[Finding]:
    """Properties that are read off a resource and that its provider does not answer with."""
    for kind, path, line in taken(template):
        if is_known(*kind.split("@")) and path not in DESCRIBED_READS.get(kind, ()):
            yield template.finding(line, f"a {kind} is not known to answer with {path}")


def taken(template: Template) -> Iterator[tuple[str, str, int]]:
    """(type and API version, path, line) of every property that is read off a resource."""
    resources: Mapping[str, Any] = template.document.get("resources", {})
    for node in walk(template.root):
        longest = node.parent is None or node.parent.type not in ("member_expression", "call_expression")
        if node.type == "member_expression" and longest:
            symbol, *path = _path(node)
            if symbol in resources and path[0] not in _ALWAYS:
                one = resources[symbol]
                yield f"{one['type']}@{one['api_version']}", ".".join(path), node.start_point.row + 1


def _path(node: Node) -> list[str]:
    """The symbol and the names after it; the place in an array is left out."""
    if node.type in ("member_expression", "subscript_expression"):
        rest = [text_of(node.named_children[-1])] if node.type == "member_expression" else []
        return _path(node.named_children[0]) + rest
    return [text_of(node)]
