"""PHP-style query strings: the form in which ``batch`` takes its commands (API facts §3.4)."""

from collections.abc import Iterator
from urllib.parse import quote

from shared.model.json import Json, JsonObject

_MACRO_SAFE = "$[]"


def encode(parameters: JsonObject) -> str:
    """``{"filter": {">ID": 5}, "select": ["ID"]}`` → ``filter[%3EID]=5&select[0]=ID``; None is left out."""
    return "&".join(f"{key}={value}" for key, value in _pairs(parameters))


def _pairs(parameters: JsonObject) -> Iterator[tuple[str, str]]:
    for name, value in parameters.items():
        yield from _flatten(quote(name, safe=""), value)


def _flatten(key: str, value: Json) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flatten(f"{key}[{quote(str(name), safe='')}]", inner)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _flatten(f"{key}[{number}]", inner)
    elif isinstance(value, bool):
        yield key, "true" if value else "false"
    else:
        yield key, quote(str(value), safe=_MACRO_SAFE if str(value).startswith("$result[") else "")
