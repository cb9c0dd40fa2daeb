"""Reading Bicep files: tree-sitter tells symbols and their places, pycep what resources and parameters hold."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import tree_sitter_bicep
from lark.exceptions import LarkError, UnexpectedInput
from pycep import BicepParser
from tree_sitter import Language, Node, Parser

_LANGUAGE = Language(tree_sitter_bicep.language())

_DECLARED = {
    "parameter_declaration": "param",
    "variable_declaration": "var",
    "resource_declaration": "resource",
    "module_declaration": "module",
    "output_declaration": "output",
}

_OUTSIDE = re.compile(r"(?<![\w.])(\w+)\.outputs\.(\w+)")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that is wrong, and where. ``line`` counts from 1."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Declaration:
    """A symbol of a file. ``node`` is the whole statement, ``kind`` its keyword."""

    kind: str
    name: str
    line: int
    node: Node


@dataclass(frozen=True, slots=True)
class Template:
    """One file, read. ``place`` is its path within the folder that is checked."""

    path: Path
    place: str
    root: Node
    document: dict[str, Any]
    declarations: tuple[Declaration, ...]

    def declared(self, *kinds: str) -> Iterator[Declaration]:
        """Declarations of these kinds, in their order."""
        return (one for one in self.declarations if one.kind in kinds)

    def find(self, name: str, *kinds: str) -> Declaration | None:
        """The declaration of a symbol, or None."""
        return next((one for one in self.declared(*kinds) if one.name == name), None)

    def finding(self, line: int, message: str) -> Finding:
        """A finding in this file."""
        return Finding(self.place, line, message)

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters as pycep tells them: ``{"type", "default", "decorators"}`` by name."""
        return dict(self.document.get("parameters", {}))

    @property
    def used_outputs(self) -> Iterator[tuple[str, str, int]]:
        """(module, output, line) of everything that is taken out of a module."""
        for number, line in enumerate(without_comments(self.root).splitlines(), 1):
            for module, output in _OUTSIDE.findall(line):
                yield module, output, number


def read(path: Path, folder: Path) -> Template | list[Finding]:
    """The file, or what keeps it from being read."""
    place = path.relative_to(folder).as_posix()
    parsed = _parsed(path.read_bytes())
    if isinstance(parsed, tuple):
        root, document = parsed
        return Template(path, place, root, document, tuple(_declarations(root)))
    return [Finding(place, line, message) for line, message in parsed]


@cache
def _parsed(content: bytes) -> tuple[Node, dict[str, Any]] | list[tuple[int, str]]:
    """What both parsers make of a source, or where they stumble. Kept: pycep takes its time."""
    root = Parser(_LANGUAGE).parse(content).root_node
    if root.has_error:
        return [(node.start_point.row + 1, "tree-sitter cannot read this") for node in _broken(root)]
    try:
        return root, dict(_pycep().parse(text=content.decode()))
    except LarkError as error:
        line = error.line if isinstance(error, UnexpectedInput) else 1
        return [(line, f"pycep cannot read this: {type(error).__name__}")]


@cache
def _pycep() -> BicepParser:
    return BicepParser()


def read_all(folder: Path) -> tuple[dict[Path, Template], list[Finding]]:
    """Every ``*.bicep`` below ``folder`` by its resolved path, and what could not be read."""
    templates: dict[Path, Template] = {}
    findings: list[Finding] = []
    for path in sorted(folder.rglob("*.bicep")):
        read_one = read(path, folder)
        if isinstance(read_one, Template):
            templates[path.resolve()] = read_one
        else:
            findings += read_one
    return templates, findings


def text_of(node: Node) -> str:
    """The source text of a node."""
    return (node.text or b"").decode()


def value_of(declaration: Declaration) -> Node:
    """What a declaration holds: the last thing in it."""
    return declaration.node.named_children[-1]


def body_of(declaration: Declaration) -> Node:
    """The object of a resource or module, out of its loop and condition."""
    node = value_of(declaration)
    while node.type in ("for_statement", "if_statement"):
        node = node.named_children[-1]
    return node


def entries(node: Node) -> dict[str, Node]:
    """The properties of an object with their values, by name."""
    pairs = [one.named_children for one in node.named_children if one.type == "object_property"]
    return {text_of(pair[0]).strip("'"): pair[-1] for pair in pairs if len(pair) > 1}


def without_comments(root: Node) -> str:
    """The source with the comments blanked, so that lines stay where they are."""
    content = bytearray(root.text or b"")
    for node in walk(root):
        if node.type == "comment":
            length = node.end_byte - node.start_byte
            blanks = bytes(10 if byte == 10 else 32 for byte in (node.text or b""))
            content[node.start_byte : node.start_byte + length] = blanks
    return content.decode()


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it."""
    yield node
    for child in node.children:
        yield from walk(child)


def _declarations(root: Node) -> Iterator[Declaration]:
    for node in root.named_children:
        if node.type in _DECLARED:
            yield Declaration(_DECLARED[node.type], text_of(node.named_children[0]), node.start_point.row + 1, node)


def _broken(root: Node) -> list[Node]:
    return [node for node in walk(root) if node.is_error or node.is_missing] or [root]
