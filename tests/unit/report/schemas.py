"""A check of a value against a schema of the OpenAPI document, as far as that document goes."""

from collections.abc import Iterator
from typing import Any

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def strays(value: Any, schema: dict[str, Any], schemas: dict[str, Any], place: str = "") -> Iterator[str]:
    """Places in ``value`` that are not as ``schema`` says; members that it does not know are such, too."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "enum" in schema:
        if value not in schema["enum"]:
            yield f"{place}: {value!r} is none of {schema['enum']}"
        return
    named = schema.get("type", list(TYPES))
    if not any(_is(value, one) for one in ([named] if isinstance(named, str) else named)):
        yield f"{place}: {value!r} is no {named}"
    elif isinstance(value, dict):
        yield from _members(value, schema, schemas, place)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from strays(one, schema["items"], schemas, f"{place}[{index}]")


def _is(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _members(value: dict[str, Any], schema: dict[str, Any], schemas: dict[str, Any], place: str) -> Iterator[str]:
    known = schema.get("properties", {})
    yield from (f"{place}.{name} is missing" for name in schema.get("required", ()) if name not in value)
    for name, one in value.items():
        if name in known:
            yield from strays(one, known[name], schemas, f"{place}.{name}")
        elif "additionalProperties" in schema:
            yield from strays(one, schema["additionalProperties"], schemas, f"{place}.{name}")
        else:
            yield f"{place}.{name} is not told of"
