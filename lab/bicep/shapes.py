"""What an expression may come to: every literal that it can be, through variables, parameters, loops and conditions.

A value has several shapes where a condition, a parameter file or an ``@allowed`` leaves a choice; what cannot be known
without Azure is ``Unknown``, at most with its type.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tree_sitter import Node

from lab.bicep.modules import called_file
from lab.bicep.parameters import fits
from lab.bicep.reading import Template, body_of, entries, text_of, value_of

Origin = tuple[str, int]
"""A file, within the folder that is checked, and a line in it, from 1."""

_TEXTS = frozenset(
    [
        "concat",
        "format",
        "guid",
        "join",
        "loadTextContent",
        "replace",
        "resourceId",
        "string",
        "subscriptionResourceId",
        "substring",
        "take",
        "toLower",
        "toUpper",
        "trim",
        "uniqueString",
    ]
)
_OPERATIONS = {"unary_expression": "bool", "binary_expression": "bool"}


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a number or a boolean, as it is written."""

    origin: Origin
    value: str | int | bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that only the deployment knows; ``kind`` is its type in Bicep, or None."""

    origin: Origin
    kind: str | None


@dataclass(frozen=True, slots=True)
class Items:
    """An array; ``items`` are the shapes of all its elements together."""

    origin: Origin
    items: tuple["Shape", ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """An object; ``whole`` is False when more fields may come in that are not known."""

    origin: Origin
    fields: Mapping[str, tuple["Shape", ...]]
    whole: bool


Shape = Literal | Unknown | Items | Fields
Loops = Mapping[str, tuple[Shape, ...]]
"""Variables of the loops around an expression."""


class Shapes:
    """Works out shapes in the templates of a folder; ``main`` is the one that parameter files are for."""

    def __init__(self, templates: Mapping[Path, Template], main: Path) -> None:
        self._templates = templates
        self._main = main
        self._given: dict[tuple[Path, str], tuple[Shape, ...]] = {}

    def body(self, template: Template, name: str) -> Iterator[Fields]:
        """The object of a resource, out of its loop and condition."""
        declared = template.find(name, "resource")
        if declared is None:
            return
        loops: Loops = {}
        node = value_of(declared)
        while node.type in ("for_statement", "if_statement"):
            if node.type == "for_statement":
                loops = {**loops, **self._loop(template, node, loops)}
            node = node.named_children[-1]
        for shape in self.of(template, body_of(declared), loops):
            if isinstance(shape, Fields):
                yield shape

    def of(self, template: Template, node: Node, loops: Loops) -> tuple[Shape, ...]:
        """Every shape of an expression."""
        origin = (template.place, node.start_point.row + 1)
        match node.type:
            case "string" | "number" | "boolean":
                found: tuple[Shape, ...] = (_plain(node, origin),)
            case "object" | "array" | "for_statement":
                found = (self._made(template, node, loops, origin),)
            case "ternary_expression":
                found = self._all(template, node.named_children[1:], loops)
            case "parenthesized_expression":
                found = self.of(template, node.named_children[0], loops)
            case "identifier":
                found = self._named(template, text_of(node), loops, origin)
            case "member_expression":
                found = tuple(self._members(template, node, loops, origin))
            case "call_expression":
                found = self._called(template, node, loops, origin)
            case _:
                found = (Unknown(origin, _OPERATIONS.get(node.type)),)
        return found

    def _made(self, template: Template, node: Node, loops: Loops, origin: Origin) -> Shape:
        """An object or an array that is written out, or an array that a loop makes."""
        if node.type == "object":
            fields = {name: self.of(template, value, loops) for name, value in entries(node).items()}
            return Fields(origin, fields, whole=True)
        if node.type == "array":
            return Items(origin, self._all(template, node.named_children, loops))
        inner = {**loops, **self._loop(template, node, loops)}
        return Items(origin, self.of(template, node.named_children[-1], inner))

    def _all(self, template: Template, nodes: Iterable[Node], loops: Loops) -> tuple[Shape, ...]:
        return tuple(shape for node in nodes for shape in self.of(template, node, loops))

    def _loop(self, template: Template, node: Node, loops: Loops) -> dict[str, tuple[Shape, ...]]:
        """The variables of a loop: each element, and its place in the array."""
        first, collection = node.named_children[0], node.named_children[1]
        names = [text_of(one) for one in first.named_children] if first.named_children else [text_of(first)]
        origin = (template.place, node.start_point.row + 1)
        elements: list[Shape] = []
        for shape in self.of(template, collection, loops):
            elements += shape.items if isinstance(shape, Items) else [Unknown(origin, None)]
        return {name: tuple(elements) if name == names[0] else (Unknown(origin, "int"),) for name in names}

    def _named(self, template: Template, name: str, loops: Loops, origin: Origin) -> tuple[Shape, ...]:
        if name in loops:
            return loops[name]
        variable = template.find(name, "var")
        if variable is not None:
            return self.of(template, value_of(variable), {})
        if name in template.parameters:
            return self._parameter(template, name, origin)
        return (Unknown(origin, None),)

    def _members(self, template: Template, node: Node, loops: Loops, origin: Origin) -> Iterator[Shape]:
        base, name = node.named_children[0], text_of(node.named_children[-1])
        for shape in self.of(template, base, loops):
            if isinstance(shape, Fields) and name in shape.fields:
                yield from shape.fields[name]
            else:
                yield Unknown(origin, "string" if name in ("id", "name") else None)

    def _called(self, template: Template, node: Node, loops: Loops, origin: Origin) -> tuple[Shape, ...]:
        name, arguments = text_of(node.named_children[0]), node.named_children[-1].named_children
        given = [self.of(template, one, loops) for one in arguments]
        if name == "union" and any(isinstance(shape, Fields) for shapes in given for shape in shapes):
            return (_merged(origin, given),)
        if name == "concat" and any(isinstance(shape, Items) for shapes in given for shape in shapes):
            return (Items(origin, tuple(_elements(given))),)
        return (Unknown(origin, "string" if name in _TEXTS else None),)

    def _parameter(self, template: Template, name: str, origin: Origin) -> tuple[Shape, ...]:
        """What callers and parameter files give, the default, and the ends of what is allowed."""
        key = (template.path, name)
        if key not in self._given:
            parameter = template.parameters[name]
            self._given[key] = (Unknown(origin, parameter["type"]),)
            self._given[key] = (
                *self._given[key],
                *_allowed(parameter, origin),
                *self._arguments(template, name),
                *self._default(template, name),
            )
        return self._given[key]

    def _arguments(self, template: Template, name: str) -> Iterator[Shape]:
        if template.path.resolve() == self._main:
            for path in sorted(template.path.parent.glob("main.parameters*.json")):
                holder = json.loads(path.read_text(encoding="utf-8"))["parameters"].get(name)
                if holder is not None and fits(template.parameters[name], holder["value"]):
                    yield _read((path.name, 1), holder["value"])
            return
        for other in self._templates.values():
            for one in other.declared("module"):
                if (other.path.parent / called_file(one)).resolve() == template.path.resolve():
                    params = entries(body_of(one)).get("params")
                    argument = entries(params).get(name) if params is not None else None
                    if argument is not None:
                        yield from self.of(other, argument, {})

    def _default(self, template: Template, name: str) -> tuple[Shape, ...]:
        declared = template.find(name, "param")
        if declared is None or template.parameters[name]["default"] is None:
            return ()
        return self.of(template, value_of(declared), {})


def _allowed(parameter: Mapping[str, Any], origin: Origin) -> Iterator[Literal]:
    for decorator in parameter["decorators"]:
        match decorator["type"]:
            case "allowed":
                yield from (Literal(origin, value) for value in decorator["argument"])
            case "min_value" | "max_value":
                yield Literal(origin, decorator["argument"])


def _merged(origin: Origin, given: list[tuple[Shape, ...]]) -> Fields:
    fields: dict[str, tuple[Shape, ...]] = {}
    whole = True
    for shapes in given:
        for shape in shapes:
            if isinstance(shape, Fields):
                fields |= {name: (*fields.get(name, ()), *value) for name, value in shape.fields.items()}
                whole = whole and shape.whole
            else:
                whole = False
    return Fields(origin, fields, whole)


def _elements(given: list[tuple[Shape, ...]]) -> Iterator[Shape]:
    for shapes in given:
        for shape in shapes:
            if isinstance(shape, Items):
                yield from shape.items


def _read(origin: Origin, value: Any) -> Shape:
    """A value of a parameter file."""
    if isinstance(value, list):
        return Items(origin, tuple(_read(origin, one) for one in value))
    if isinstance(value, dict):
        return Fields(origin, {name: (_read(origin, one),) for name, one in value.items()}, whole=True)
    return Literal(origin, value)


def _plain(node: Node, origin: Origin) -> Shape:
    text = text_of(node)
    if node.type == "number":
        return Literal(origin, int(text))
    if node.type == "boolean":
        return Literal(origin, text == "true")
    if any(child.type != "string_content" for child in node.named_children):
        return Unknown(origin, "string")
    return Literal(origin, "".join(text_of(child) for child in node.named_children))
