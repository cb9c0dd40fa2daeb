"""Workflow templates and running workflows, for administrators (API facts §4.6)."""

from typing import Any

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.asked import integer, listed, mapped
from lab.simulators.bitrix24.calls import Caller, Method, Reply, written
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.lists import Row, meets, page, split
from lab.simulators.bitrix24.parameters import Tree, pick
from lab.simulators.bitrix24.service import application_only
from lab.simulators.bitrix24.world import World

_INSTANCE = ("ID", "MODIFIED", "OWNED_UNTIL")
_DATES = ("MODIFIED", "STARTED", "OWNED_UNTIL")


def templates(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``bizproc.workflow.template.list``: only the id unless more is selected; by id ascending."""
    _for_administrators(caller)
    conditions = {"".join((split(key)[0], split(key)[1].upper())): value for key, value in _filter(parameters).items()}
    key, descending = _order(parameters, "ID", "ASC")
    found = world.workflows.templates.select(conditions, descending=descending and key == "ID")
    if key != "ID":
        found = sorted(found, key=lambda row: _place(row, key), reverse=descending)
    return _reply(found, parameters, ("ID",))


def instances(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``bizproc.workflow.instances``: the last changed first; ids are texts."""
    _for_administrators(caller)
    found = world.workflows.instances
    for key, wanted in _filter(parameters).items():
        prefix, name = split(key)
        found = [row for row in found if meets(row.get(name.upper()), prefix, wanted)]
    key, descending = _order(parameters, "MODIFIED", "DESC")
    return _reply(sorted(found, key=lambda row: _place(row, key), reverse=descending), parameters, _INSTANCE)


def _for_administrators(caller: Caller) -> None:
    if not caller.admin:
        raise PortalError("ACCESS_DENIED", "Access denied!", 403)


def _filter(parameters: Tree) -> Tree:
    return mapped(pick(parameters, "FILTER"))


def _order(parameters: Tree, name: str, direction: str) -> tuple[str, bool]:
    key, given = next(iter(mapped(pick(parameters, "ORDER")).items()), (name, direction))
    return key.upper(), str(given).upper() == "DESC"


def _place(row: Row, key: str) -> tuple[int, str]:
    value: Any = row.get(key)
    return (stamps.read(value) or 0, "") if key in _DATES else (0, str(value or ""))


def _reply(found: list[Row], parameters: Tree, default: tuple[str, ...]) -> Reply:
    names = [str(name).upper() for name in listed(pick(parameters, "SELECT"))] or default
    shown = page(found, integer(parameters, "start"), literal=False)
    rows = [{name: value for name, value in row.items() if name in names or "*" in names} for row in shown.rows]
    return Reply(rows, shown.total, shown.next, 1)


_WRITES = "bizproc.workflow.start bizproc.workflow.terminate bizproc.workflow.kill bizproc.task.complete"
_APPLICATIONS = ("add", "update", "delete")

METHODS: dict[str, Method] = {
    **{name: Method("bizproc", written, reads=False) for name in _WRITES.split()},
    **{f"bizproc.workflow.template.{verb}": Method("bizproc", application_only, reads=False) for verb in _APPLICATIONS},
    "bizproc.workflow.instances": Method("bizproc", instances),
    "bizproc.workflow.template.list": Method("bizproc", templates),
}
