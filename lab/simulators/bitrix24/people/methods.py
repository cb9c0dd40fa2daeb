"""Departments, users, groups and their members (API facts §4.1, §4.2)."""

from fnmatch import fnmatchcase
from typing import Any

from lab.simulators.bitrix24.asked import integer
from lab.simulators.bitrix24.calls import Caller, Method, Reply, written
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.lists import Page, Row, meets, page, split
from lab.simulators.bitrix24.parameters import Tree, pick
from lab.simulators.bitrix24.world import World


def _reply(found: Page, *, empty_without_total: bool = False) -> Reply:
    total = None if empty_without_total and not found.rows else found.total
    return Reply(found.rows, total, found.next, 1)


def _descending(order: Any) -> bool:
    return str(order or "").upper() == "DESC"


def _yes(value: Any) -> bool:
    return str(value).lower() in ("true", "1", "y")


def _upper(conditions: Any) -> Tree:
    given = conditions if isinstance(conditions, dict) else {}
    return {"".join((split(key)[0], split(key)[1].upper())): value for key, value in given.items()}


def departments(world: World, _caller: Caller, parameters: Tree) -> Reply:
    """``department.get``: equality filters at top level, in the order of SORT unless asked otherwise."""
    names = ("ID", "NAME", "SORT", "PARENT", "UF_HEAD")
    wanted = {name: value for name in names if (value := pick(parameters, name)) is not None}
    by = str(wanted.get("SORT", "SORT")).upper()
    if by in names:
        wanted.pop("SORT", None)
    descending = _descending(pick(parameters, "order"))
    found = world.people.departments.select(wanted, descending=descending)
    if by in ("NAME", "SORT"):
        found.sort(key=lambda row: row[by], reverse=descending)
    return _reply(page(found, integer(parameters, "start"), literal=False))


def users(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``user.get``: sort and order are texts; users of no department are for an administrator who says so.

    Conditions outside FILTER count when there is no FILTER. TIMESTAMP_X filters, though no answer shows it.
    """
    conditions = _upper(pick(parameters, "FILTER"))
    if not conditions:
        known = world.people.users.rows[0].keys()
        conditions = {key: value for key, value in _upper(parameters).items() if split(key)[1] in known}
    changed = [(split(key)[0], conditions.pop(key)) for key in list(conditions) if split(key)[1] == "TIMESTAMP_X"]
    found = world.people.users.select(conditions, descending=_descending(pick(parameters, "order")))
    for prefix, wanted in changed:
        found = [row for row in found if meets(world.people.changed[int(row["ID"])], prefix, wanted)]
    if not (caller.admin and _yes(pick(parameters, "ADMIN_MODE"))):
        found = [row for row in found if row["UF_DEPARTMENT"]]
    shown = page(found, integer(parameters, "start"), literal=False)
    rows = [_selected(row, pick(parameters, "select")) for row in shown.rows]
    return _reply(Page(rows, shown.next, shown.total), empty_without_total=True)


def _selected(row: Row, names: Any) -> Row:
    if not isinstance(names, list):
        return row
    masks = [str(name) for name in names]
    return {name: value for name, value in row.items() if any(fnmatchcase(name, mask) for mask in masks)}


def groups(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``sonet_group.get``: newest first unless asked otherwise; hidden ones for an administrator who says so."""
    order = pick(parameters, "ORDER")
    descending = _descending(order.get("ID")) if isinstance(order, dict) and "ID" in order else True
    found = world.people.groups.select(_upper(pick(parameters, "FILTER")), descending=descending)
    if not (caller.admin and _yes(pick(parameters, "IS_ADMIN"))):
        found = [row for row in found if world.people.shows(row, caller.user)]
    return _reply(page(found, integer(parameters, "start"), literal=False))


def members(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``sonet_group.user.get``: no paging; a group that the caller cannot see does not exist."""
    number = pick(parameters, "ID")
    group = world.people.groups.find(int(number)) if str(number).isdecimal() else None
    if group is None or not (caller.admin or world.people.shows(group, caller.user)):
        raise PortalError("", "Socialnetwork group not found")
    return Reply(world.people.members[int(group["ID"])])


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
