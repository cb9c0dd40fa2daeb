"""``batch``: commands in order, macros, and the sections' odd shapes (API facts §3.4)."""

import re
from collections.abc import Callable
from typing import Any

from lab.simulators.bitrix24.calls import Reply
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.parameters import Tree, parse_query, pick

_MOST = 50
_MACRO = re.compile(r"^\$result((?:\[[^\]]+\])+)$")
_PART = re.compile(r"\[([^\]]+)\]")

Call = Callable[[str, Tree], Reply]


def run(parameters: Tree, call: Call) -> dict[str, Any]:
    """The five sections. ``call`` runs one method and raises PortalError."""
    commands = pick(parameters, "cmd")
    if isinstance(commands, list):
        commands = {str(number): one for number, one in enumerate(commands)}
    commands = commands if isinstance(commands, dict) else {}
    halt = bool(pick(parameters, "halt")) and pick(parameters, "halt") not in ("0", "")
    sections: dict[str, dict[str, Any]] = {
        name: {} for name in ("result", "result_error", "result_total", "result_next", "result_time")
    }
    for place, (key, command) in enumerate(commands.items()):
        if not isinstance(command, str):
            continue
        if place >= _MOST:
            refused = PortalError("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
            sections["result_error"][key] = refused.body()
            continue
        try:
            _one(key, command, call, sections)
        except PortalError as error:
            sections["result_error"][key] = error.body()
            if halt:
                break
    return {name: _php(section) for name, section in sections.items()}


def _one(key: str, command: str, call: Call, sections: dict[str, dict[str, Any]]) -> None:
    name, _, query = command.partition("?")
    if name.strip().lower().removesuffix(".json") == "batch":
        raise PortalError("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage", 405)
    reply = call(name.strip(), _resolve(parse_query(query), sections["result"]))
    sections["result"][key] = reply.result
    sections["result_time"][key] = {"start": 0, "finish": 0, "duration": 0, "processing": 0, "operating": 0}
    if reply.total is not None:
        sections["result_total"][key] = reply.total
    if reply.next is not None:
        sections["result_next"][key] = reply.next


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
