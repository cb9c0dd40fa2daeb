"""Names: everything that is named exists, and everything that is declared is used."""

from collections.abc import Iterator

from tree_sitter import Node

from lab.bicep.reading import Declaration, Finding, Template, text_of, walk

FUNCTIONS = frozenset(
    [
        "array",
        "concat",
        "contains",
        "deployment",
        "empty",
        "environment",
        "first",
        "format",
        "guid",
        "int",
        "join",
        "json",
        "last",
        "length",
        "loadJsonContent",
        "loadTextContent",
        "max",
        "min",
        "range",
        "replace",
        "resourceGroup",
        "resourceId",
        "split",
        "string",
        "subscription",
        "subscriptionResourceId",
        "substring",
        "take",
        "tenant",
        "toLower",
        "toUpper",
        "trim",
        "union",
        "uniqueString",
    ]
)
DECORATORS = frozenset(
    ["allowed", "batchSize", "description", "maxLength", "maxValue", "metadata", "minLength", "minValue", "secure"]
)


def check(template: Template) -> Iterator[Finding]:
    """Names that nobody declared, that are declared twice, and parameters and variables that nobody uses."""
    yield from _twice(template)
    known = frozenset(one.name for one in template.declared("param", "var", "resource", "module"))
    used: set[str] = set()
    for node in template.root.named_children:
        for name in _named(node, known):
            if isinstance(name, Node):
                yield template.finding(name.start_point.row + 1, f"nothing here is called {text_of(name)}")
            else:
                used.add(name)
    for one in template.declared("param", "var"):
        if one.name not in used:
            yield template.finding(one.line, f"{one.kind} {one.name} is not used")


def _twice(template: Template) -> Iterator[Finding]:
    for kinds in (("param", "var", "resource", "module"), ("output",)):
        seen: dict[str, Declaration] = {}
        for one in template.declared(*kinds):
            if one.name in seen:
                yield template.finding(one.line, f"{one.name} is declared on line {seen[one.name].line} too")
            seen.setdefault(one.name, one)


def _named(node: Node, known: frozenset[str]) -> Iterator[str | Node]:
    """Names that are used, as text; the node of those that are unknown."""
    if node.type == "for_statement":
        known |= _loop_names(node)
    for position, child in enumerate(node.named_children):
        if child.type != "identifier":
            yield from _named(child, known)
        elif not _is_key(node, position):
            name = text_of(child)
            yield name if name in _permitted(node, position, known) else child


def _permitted(node: Node, position: int, known: frozenset[str]) -> frozenset[str]:
    """What may stand at a place: a function where it is called, else a symbol."""
    if node.type == "call_expression" and position == 0:
        return DECORATORS if node.parent is not None and node.parent.type == "decorator" else FUNCTIONS
    return known


def _is_key(node: Node, position: int) -> bool:
    """Whether the identifier names its statement, its property, or the variable of its loop."""
    if position == 0 and (node.type == "object_property" or node.type.endswith("_declaration")):
        return True
    return position == 0 and node.type == "for_statement"


def _loop_names(node: Node) -> frozenset[str]:
    first = node.named_children[0]
    if first.type == "for_loop_parameters":
        return frozenset(text_of(one) for one in first.named_children)
    return frozenset(text_of(one) for one in walk(first) if one.type == "identifier")
