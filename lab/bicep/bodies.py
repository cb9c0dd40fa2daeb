"""Bodies of resources against what their providers take: properties, their types and values, and what is required.

``provider_types.json`` says what that is; ``lab.bicep.providers`` makes it.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.bicep.reading import Finding, Template
from lab.bicep.resources import is_known
from lab.bicep.shapes import Fields, Items, Literal, Origin, Shape, Shapes, Unknown

DESCRIBED = Path(__file__).with_name("provider_types.json")

_CONTENT: Mapping[str, Any] = json.loads(DESCRIBED.read_text(encoding="utf-8"))
DESCRIBED_READS: Mapping[str, list[str]] = _CONTENT["reads"]
"""Paths that a resource of a type answers with, as far as they are used."""

Spec = Mapping[str, Any]
"""``type`` (string, int, number, bool, array, map, object, any), and what else is known: ``enum``, ``pattern``, limits,
``items`` of an array or map, ``properties`` of an object and whether it is ``open`` to others, ``required``,
``readOnly``."""

OF_BICEP = frozenset(["dependsOn", "name", "parent", "scope"])
"""What Bicep itself takes on top of a resource."""

_TAKES = {
    "string": {"string"},
    "int": {"int", "number"},
    "bool": {"bool"},
    "array": {"array"},
    "object": {"object", "map"},
}

Message = tuple[Origin, str]


def described(kind: str, version: str, name: str | None) -> Spec | None:
    """What a provider takes as the body of a type; some types have a body of their own for each ``name``."""
    types: Mapping[str, Spec] = _CONTENT["types"]
    return types.get(f"{kind}@{version}") or types.get(f"{kind}/{name}@{version}")


def check(template: Template, shapes: Shapes) -> Iterator[Finding]:
    """What is wrong with the bodies of the resources of a template."""
    for name, resource in template.document.get("resources", {}).items():
        if resource["existing"] or not is_known(resource["type"], resource["api_version"]):
            continue
        declared = template.find(name, "resource")
        line = declared.line if declared else 1
        for body in shapes.body(template, name):
            spec = described(resource["type"], resource["api_version"], own_name(body))
            if spec is None:
                yield template.finding(line, f"{name}: {resource['type']}@{resource['api_version']} is not described")
                continue
            fields = {key: value for key, value in body.fields.items() if key not in OF_BICEP}
            for (place, where), message in set(_object(Fields(body.origin, fields, body.whole), spec, "")):
                yield Finding(place, where, f"{name}: {message}")


def own_name(body: Fields) -> str | None:
    """The name of a resource where it is written out."""
    return next((str(one.value) for one in body.fields.get("name", ()) if isinstance(one, Literal)), None)


def _fits(shape: Shape, given: Spec | str, path: str) -> Iterator[Message]:
    spec = {"type": given} if isinstance(given, str) else given
    kind = spec["type"]
    if kind == "any":
        return
    match shape:
        case Unknown(origin, actual):
            if actual is not None and kind not in _TAKES[actual]:
                yield origin, f"{path} takes {kind}, not {actual}"
        case Literal(origin, value):
            yield from ((origin, f"{path} {message}") for message in _literal(value, spec))
        case Items(origin, items) if kind == "array":
            for one in items:
                yield from _fits(one, spec["items"], f"{path}[]")
        case Fields(origin, fields) if kind == "map":
            for name, values in fields.items():
                for one in values:
                    yield from _fits(one, spec["items"], f"{path}.{name}")
        case Fields() if kind == "object":
            yield from _object(shape, spec, path)
        case Items(origin) | Fields(origin):
            yield origin, f"{path} takes {kind}, not {'array' if isinstance(shape, Items) else 'object'}"


def _object(shape: Fields, spec: Spec, path: str) -> Iterator[Message]:
    known = spec.get("properties")
    if known is None:
        if shape.fields:
            yield shape.origin, f"{path} is not described: make provider_types.json again"
        return
    prefix = f"{path}." if path else ""
    for name, values in shape.fields.items():
        if name not in known:
            if spec.get("open"):
                continue
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; there is {near[0]}" if near else ""
            yield _origin(values, shape), f"there is no property {prefix}{name}{hint}"
        elif _flag(known[name], "readOnly"):
            yield _origin(values, shape), f"{prefix}{name} is not for us to set"
        else:
            for one in values:
                yield from _fits(one, known[name], f"{prefix}{name}")
    if shape.whole:
        for name, one in known.items():
            if name not in shape.fields and _flag(one, "required") and not _flag(one, "readOnly"):
                yield shape.origin, f"{prefix}{name} is missing"


def _origin(values: tuple[Shape, ...], shape: Fields) -> Origin:
    return values[0].origin if values else shape.origin


def _flag(spec: Spec | str, name: str) -> bool:
    return not isinstance(spec, str) and bool(spec.get(name))


def _literal(value: str | int | bool, spec: Spec) -> Iterator[str]:
    actual = {bool: "bool", int: "int", str: "string"}[type(value)]
    if spec["type"] not in _TAKES[actual]:
        yield f"takes {spec['type']}, not {actual}"
        return
    if value not in spec.get("enum", (value,)):
        yield f"takes one of {', '.join(map(str, spec['enum']))}, not {value}"
    if isinstance(value, str) and re.search(spec.get("pattern", ""), value) is None:
        yield f"has to match {spec['pattern']}"
    measure = len(value) if isinstance(value, str) else value
    if measure < spec.get("minimum", measure):
        yield f"is at least {spec['minimum']}"
    if measure > spec.get("maximum", measure):
        yield f"is at most {spec['maximum']}"
