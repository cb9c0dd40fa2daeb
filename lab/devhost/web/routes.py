"""Route templates of HTTP triggers: parameters, constraints, optional parts, defaults and catch-alls."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote
from uuid import UUID

# Braces inside a regex constraint are doubled.
_PARAMETER = re.compile(r"\{([^{}]*(?:\{\{[^{}]*\}\}[^{}]*)*)\}")
_INT32, _INT64 = 2**31, 2**63


class RouteError(ValueError):
    """The template cannot be read."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    optional: bool
    catch_all: bool
    default: str | None
    checks: tuple[Callable[[str], bool], ...]


@dataclass(frozen=True, slots=True)
class Route:
    """A compiled template. `rank` orders routes: literal segments before parameters before catch-alls."""

    template: str
    pattern: re.Pattern[str]
    parameters: tuple[_Parameter, ...]
    rank: tuple[int, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """Values of the parameters when `path` (without leading slash, still quoted) fits, else `None`."""
        found = self.pattern.fullmatch(path.strip("/"))
        if found is None:
            return None
        values: dict[str, str] = {}
        for index, parameter in enumerate(self.parameters):
            text = found[f"p{index}"]
            if text is None or text == "":
                if parameter.default is not None:
                    values[parameter.name] = parameter.default
                continue
            value = unquote(text)
            if not all(check(value) for check in parameter.checks):
                return None
            values[parameter.name] = value
        return values


def compile_route(prefix: str, template: str) -> Route:
    """Compile `template` under the route prefix; raises `RouteError` when it is malformed."""
    full = "/".join(part for part in (prefix.strip("/"), template.strip("/")) if part)
    parameters: list[_Parameter] = []
    rank: list[int] = []
    pattern = ""
    for number, segment in enumerate(_segments(full)):
        text, kind, optional = _segment(segment, parameters)
        separator = "/" if number else ""
        pattern += f"(?:{separator}{text})?" if optional else f"{separator}{text}"
        rank.append(kind)
    return Route(full, re.compile(pattern, re.IGNORECASE), tuple(parameters), tuple(rank))


def _segments(template: str) -> list[str]:
    segments, depth, current = [], 0, ""
    for character in template:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "/" and depth == 0:
            segments.append(current)
            current = ""
        else:
            current += character
    if depth:
        raise RouteError(f"unbalanced braces in the route {template!r}")
    return [part for part in [*segments, current] if part]


def _segment(segment: str, parameters: list[_Parameter]) -> tuple[str, int, bool]:
    pattern, end, optional, kind = "", 0, False, 0
    for match in _PARAMETER.finditer(segment):
        pattern += re.escape(segment[end : match.start()])
        parameter = _parameter(match[1])
        body = ".*" if parameter.catch_all else "[^/]+?"
        pattern += f"(?P<p{len(parameters)}>{body})"
        parameters.append(parameter)
        whole = match[0] == segment
        optional = whole and (parameter.optional or parameter.catch_all or parameter.default is not None)
        kind = max(kind, 3 if parameter.catch_all else (1 if parameter.checks else 2))
        end = match.end()
    return pattern + re.escape(segment[end:]), kind, optional


def _parameter(text: str) -> _Parameter:
    catch_all = text.startswith("*")
    body, _, default = text.lstrip("*").partition("=")
    optional = body.endswith("?")
    name, *constraints = _split_constraints(body.removesuffix("?"))
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
        raise RouteError(f"{name!r} is not a name for a route parameter")
    checks = tuple(_constraint(item) for item in constraints)
    return _Parameter(name, optional, catch_all, default or None, checks)


def _split_constraints(text: str) -> list[str]:
    parts, depth, current = [], 0, ""
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == ":" and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current]


def _constraint(text: str) -> Callable[[str], bool]:
    if text in _SIMPLE:
        return _SIMPLE[text]
    name, _, rest = text.partition("(")
    if not rest.endswith(")"):
        raise RouteError(f"unknown route constraint {text!r}")
    arguments = rest[:-1]
    if name == "regex":
        pattern = re.compile(arguments.replace("{{", "{").replace("}}", "}"), re.IGNORECASE)
        return lambda value: pattern.search(value) is not None
    try:
        numbers = [int(item) for item in arguments.split(",")]
        return _numeric(name, numbers)
    except (ValueError, KeyError, IndexError):
        raise RouteError(f"unknown route constraint {text!r}") from None


def _numeric(name: str, numbers: list[int]) -> Callable[[str], bool]:
    first, last = numbers[0], numbers[-1]
    checks: dict[str, Callable[[str], bool]] = {
        "minlength": lambda value: len(value) >= first,
        "maxlength": lambda value: len(value) <= first,
        "length": lambda value: first <= len(value) <= last,
        "min": lambda value: _integer(value, _INT64) and int(value) >= first,
        "max": lambda value: _integer(value, _INT64) and int(value) <= first,
        "range": lambda value: _integer(value, _INT64) and first <= int(value) <= last,
    }
    return checks[name]


def _integer(value: str, bound: int) -> bool:
    return re.fullmatch(r"[+-]?[0-9]+", value) is not None and -bound <= int(value) < bound


def _reads_as(convert: Callable[[str], object]) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        try:
            convert(value)
        except ValueError:
            return False
        return True

    return check


_SIMPLE: dict[str, Callable[[str], bool]] = {
    "int": lambda value: _integer(value, _INT32),
    "long": lambda value: _integer(value, _INT64),
    "bool": lambda value: value.lower() in {"true", "false"},
    "alpha": lambda value: re.fullmatch(r"[A-Za-z]*", value) is not None,
    "guid": _reads_as(UUID),
    "datetime": _reads_as(datetime.fromisoformat),
    "decimal": _reads_as(float),
    "double": _reads_as(float),
    "float": _reads_as(float),
    "required": bool,
}
