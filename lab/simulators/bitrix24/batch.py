"""``batch``: commands in order, macros, and the sections' odd shapes (API facts §3.4)."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lab.simulators.bitrix24.calls import Called
from lab.simulators.bitrix24.errors import PortalError, not_in_a_batch
from lab.simulators.bitrix24.moments import timing
from lab.simulators.bitrix24.parameters import Tree, method_name, parse_query, pick

_MOST = 50
_REFUSED = frozenset({"batch", "download", "upload", "im.v2.file.download"})
_MACRO = re.compile(r"^\$result((?:\[[^\]]+\])+)$")
_PART = re.compile(r"\[([^\]]+)\]")
_SECTIONS = ("result", "result_error", "result_total", "result_next", "result_time")

Call = Callable[[str, Tree], Awaitable[Called]]


def commands_of(parameters: Tree) -> dict[str, Any]:
    """``cmd`` by key; a list has its places for keys."""
    commands = pick(parameters, "cmd")
    if isinstance(commands, list):
        return {str(number): one for number, one in enumerate(commands)}
    return commands if isinstance(commands, dict) else {}


async def run(parameters: Tree, call: Call, failing: Mapping[int, PortalError | None]) -> dict[str, Any]:
    """The five sections. ``call`` runs one method and raises PortalError.

    ``failing``: errors of commands that do not run, by the command's place; without one nothing is said of it.
    """
    halt = pick(parameters, "halt") not in (None, False, 0, "", "0", [], {})
    sections: dict[str, dict[str, Any]] = {name: {} for name in _SECTIONS}
    for place, (key, command) in enumerate(commands_of(parameters).items()):
        if not isinstance(command, str) or (place in failing and failing[place] is None):
            continue
        try:
            _refuse(place, failing)
            await _one(key, command, call, sections)
        except PortalError as error:
            sections["result_error"][key] = error.body()
            if halt:
                break
    return {name: _php(section) for name, section in sections.items()}


def _refuse(place: int, failing: Mapping[int, PortalError | None]) -> None:
    if place >= _MOST:
        raise PortalError("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
    if error := failing.get(place):
        raise error


async def _one(key: str, command: str, call: Call, sections: dict[str, dict[str, Any]]) -> None:
    path, _, query = command.partition("?")
    name = method_name(path.strip())
    if name in _REFUSED:
        raise not_in_a_batch()
    called = await call(name, _resolve(parse_query(query), sections["result"]))
    sections["result"][key] = called.reply.result
    sections["result_time"][key] = timing(called.begun, called.finished, called.spent, whole=False)
    if called.reply.total is not None:
        sections["result_total"][key] = called.reply.total
    if called.reply.next is not None:
        sections["result_next"][key] = called.reply.next


def _resolve(value: Any, results: dict[str, Any]) -> Any:
    """Macros become what they point at, or the deepest thing that exists on the way there."""
    if isinstance(value, dict):
        return {name: _resolve(inner, results) for name, inner in value.items()}
    if isinstance(value, list):
        return [_resolve(inner, results) for inner in value]
    match = _MACRO.match(value) if isinstance(value, str) else None
    if match is None:
        return value
    found: Any = results
    for part in _PART.findall(match[1]):
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            break
    return found


def _php(section: dict[str, Any]) -> Any:
    """An empty array, a list when the keys are 0, 1, 2…, else an object."""
    if not section:
        return []
    numbered = list(section) == [str(number) for number in range(len(section))]
    return list(section.values()) if numbered else section
