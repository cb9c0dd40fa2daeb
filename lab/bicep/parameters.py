"""Parameter files: every value fits a parameter of ``main.bicep``, and nothing that it needs is left out."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.bicep.reading import Finding, Template

_PLACEHOLDER = re.compile(r"^\$\{\w+(?:=([^}]*))?\}$")
"""What azd replaces by a value of its environment, or else by what stands behind the sign."""

_TYPES: dict[str, type] = {"string": str, "int": int, "bool": bool, "array": list, "object": dict}


def check(main: Template, folder: Path) -> Iterator[Finding]:
    """What is wrong with the ``main.parameters*.json`` in ``folder``."""
    for path in sorted(folder.glob("main.parameters*.json")):
        try:
            given = json.loads(path.read_text(encoding="utf-8"))["parameters"]
        except (ValueError, KeyError, TypeError):
            yield Finding(path.name, 1, "this is no parameter file")
            continue
        for message in _messages(main.parameters, given):
            yield Finding(path.name, 1, message)


def fits(parameter: Mapping[str, Any], value: object) -> bool:
    """Whether a value is known here, and one that a parameter takes; azd replaces placeholders by its own values."""
    return not _is_placeholder(value) and not any(_misfits("", parameter, value))


def _is_placeholder(value: object) -> bool:
    return isinstance(value, str) and _PLACEHOLDER.match(value) is not None


def _messages(parameters: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    for name, parameter in parameters.items():
        if name not in given and parameter["default"] is None:
            yield f"{name} is not given"
    for name, holder in given.items():
        if name not in parameters:
            yield f"main.bicep has no parameter {name}"
        elif not isinstance(holder, dict) or set(holder) != {"value"}:
            yield f"{name} has to be an object with a value"
        else:
            yield from _misfits(name, parameters[name], holder["value"])


def _misfits(name: str, parameter: Mapping[str, Any], value: object) -> Iterator[str]:
    kind = parameter["type"]
    if isinstance(value, str) and (filled := _PLACEHOLDER.match(value)):
        if kind == "string" or filled[1] is None:
            return
        try:
            value = json.loads(filled[1])
        except ValueError:
            value = filled[1]
    if not isinstance(value, _TYPES[kind]) or (kind == "int" and isinstance(value, bool)):
        yield f"{name} is {kind}, not {type(value).__name__}"
        return
    for decorator in parameter["decorators"]:
        limit = decorator.get("argument")
        measure = value if isinstance(value, int) else len(value) if isinstance(value, str | list) else 0
        match decorator["type"]:
            case "allowed" if value not in limit:
                yield f"{name} is none of the values that are allowed"
            case "min_value" | "min_length" if measure < limit:
                yield f"{name} is below {limit}"
            case "max_value" | "max_length" if measure > limit:
                yield f"{name} is above {limit}"
