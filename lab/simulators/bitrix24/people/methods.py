"""Departments, users, groups and their members (API facts §4.1, §4.2)."""

from typing import Any

from lab.simulators.bitrix24.calls import Caller, Method, Reply, written
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.lists import Page, page, split
from lab.simulators.bitrix24.parameters import Tree, pick
from lab.simulators.bitrix24.world import World


def _start(parameters: Tree) -> int:
    try:
        return int(pick(parameters, "start") or 0)
    except (TypeError, ValueError):
        return 0


def _reply(found: Page, *, empty_without_total: bool = False) -> Reply:
    total = None if empty_without_total and not found.rows else found.total
    return Reply(found.rows, total, found.next, 1)


def _descending(order: Any) -> bool:
    return str(order or "").upper() == "DESC"


def _upper(conditions: Any) -> Tree:
    given = conditions if isinstance(conditions, dict) else {}
    return {"".join((split(key)[0], split(key)[1].upper())): value for key, value in given.items()}


def departments(world: World, _caller: Caller, parameters: Tree) -> Reply:
    """``department.get``: equality filters at top level, old kernel's paging."""
    names = ("ID", "NAME", "SORT", "PARENT", "UF_HEAD")
    wanted = {name: value for name in names if (value := pick(parameters, name)) is not None}
    if isinstance(wanted.get("SORT"), str) and wanted["SORT"].upper() in names:
        del wanted["SORT"]
    found = world.people.departments.select(wanted, descending=_descending(pick(parameters, "order")))
    return _reply(page(found, _start(parameters), literal=False))


def users(world: World, _caller: Caller, parameters: Tree) -> Reply:
    """``user.get``: sort and order are texts; without ADMIN_MODE users of no department are hidden."""
    conditions = _upper(pick(parameters, "FILTER"))
    if not conditions and (one := pick(parameters, "ID")) is not None:
        conditions = {"ID": one}
    found = world.people.users.select(conditions, descending=_descending(pick(parameters, "order")))
    if str(pick(parameters, "ADMIN_MODE")).lower() not in ("true", "1", "y"):
        found = [row for row in found if row["UF_DEPARTMENT"]]
    return _reply(page(found, _start(parameters), literal=False), empty_without_total=True)


def groups(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``sonet_group.get``: newest first unless asked otherwise; invisible ones for an administrator who says so."""
    order = pick(parameters, "ORDER")
    descending = _descending(order.get("ID")) if isinstance(order, dict) and "ID" in order else True
    found = world.people.groups.select(_upper(pick(parameters, "FILTER")), descending=descending)
    if not (caller.admin and str(pick(parameters, "IS_ADMIN")).upper() == "Y"):
        found = [row for row in found if row["VISIBLE"] == "Y"]
    return _reply(page(found, _start(parameters), literal=False))


def members(world: World, _caller: Caller, parameters: Tree) -> Reply:
    """``sonet_group.user.get``: no paging."""
    try:
        number = int(pick(parameters, "ID") or 0)
    except (TypeError, ValueError):
        number = 0
    if number not in world.people.members:
        raise PortalError("", "Socialnetwork group not found")
    return Reply(world.people.members[number])


METHODS: dict[str, Method] = {
    "department.add": Method("department", written, reads=False),
    "department.delete": Method("department", written, reads=False),
    "department.get": Method("department", departments),
    "department.update": Method("department", written, reads=False),
    "sonet_group.create": Method("sonet_group", written, reads=False),
    "sonet_group.delete": Method("sonet_group", written, reads=False),
    "sonet_group.get": Method("sonet_group", groups),
    "sonet_group.update": Method("sonet_group", written, reads=False),
    "sonet_group.user.get": Method("sonet_group", members),
    "user.add": Method("user", written, reads=False),
    "user.get": Method("user", users),
    "user.update": Method("user", written, reads=False),
}
