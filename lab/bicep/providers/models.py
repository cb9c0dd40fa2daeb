"""Reading the models of a management library: classes with ``_attribute_map`` and ``_validation``, made by AutoRest.

https://github.com/Azure/autorest/blob/main/docs/generate/readme.md
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

_LISTED = re.compile(r":vartype (\w+):\s+((?:list\[|dict\[str,\s*)*)(?:str|int) or\s+~[\w.]+\.(\w+)")
_DOT = re.compile(r"(?<!\\)\.")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One property of a model. ``path`` is where it is on the wire; ``type`` is as in ``_attribute_map``."""

    path: tuple[str, ...]
    type: str
    values: tuple[str | int, ...]
    rules: dict[str, Any]


class Models:
    """The models of one API version, by the folder of their module."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def attributes(self, model: str) -> Iterator[Attribute]:
        """The properties of a model in their order; raises KeyError when there is no such model."""
        found = self._classes[model]
        constants = {one.targets[0].id: one.value for one in found.body if _is_constant(one)}  # type: ignore[attr-defined]
        rules = ast.literal_eval(constants["_validation"]) if "_validation" in constants else {}
        listed = {name: self._enums[enum] for name, _, enum in _LISTED.findall(ast.get_docstring(found) or "")}
        for name, one in ast.literal_eval(constants["_attribute_map"]).items():
            path = tuple(part.replace("\\.", ".") for part in _DOT.split(one["key"]))
            yield Attribute(path, one["type"], listed.get(name, ()), rules.get(name, {}))

    def __contains__(self, model: str) -> bool:
        return model in self._classes

    @cached_property
    def _classes(self) -> dict[str, ast.ClassDef]:
        return {one.name: one for path in self._folder.glob("_models*.py") for one in _classes(path)}

    @cached_property
    def _enums(self) -> dict[str, tuple[str | int, ...]]:
        return {one.name: tuple(_values(one)) for path in self._folder.glob("*_enums.py") for one in _classes(path)}


def _classes(path: Path) -> Iterator[ast.ClassDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in tree.body if isinstance(node, ast.ClassDef))


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)


def _values(enum: ast.ClassDef) -> Iterator[str | int]:
    for node in enum.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            value = node.value.value
            yield value if isinstance(value, int) else str(value)
