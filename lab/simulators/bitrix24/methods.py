"""The methods: name → handler. A family of methods is added by another module and a line in ``REGISTRY``."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from lab.simulators.bitrix24.errors import PortalError, method_not_found
from lab.simulators.bitrix24.lists import Page, page, split
from lab.simulators.bitrix24.parameters import Tree, pick
from lab.simulators.bitrix24.people import People

_ZONE = timezone(timedelta(hours=3))


@dataclass(frozen=True, slots=True)
class Caller:
    """A webhook: its user, and what was ticked in its form."""

    user: int
    secret: str
    scopes: frozenset[str]
    admin: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """What a method returns."""

    result: Any
    total: int | None = None
    next: int | None = None
    pages: int = 0


@dataclass(frozen=True, slots=True)
class Method:
    """A method, the scope it needs, and whether it only reads."""

    scope: str
    handle: Callable[[People, Caller, Tree], Reply]
    reads: bool = True


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


def departments(people: People, _caller: Caller, parameters: Tree) -> Reply:
    """``department.get``: equality filters at top level, old kernel's paging."""
    names = ("ID", "NAME", "SORT", "PARENT", "UF_HEAD")
    wanted = {name: value for name in names if (value := pick(parameters, name)) is not None}
    if isinstance(wanted.get("SORT"), str) and wanted["SORT"].upper() in names:
        del wanted["SORT"]
    found = people.departments.select(wanted, descending=_descending(pick(parameters, "order")))
    return _reply(page(found, _start(parameters), literal=False))


def users(people: People, _caller: Caller, parameters: Tree) -> Reply:
    """``user.get``: sort and order are texts; without ADMIN_MODE users of no department are hidden."""
    conditions = _upper(pick(parameters, "FILTER"))
    if not conditions and (one := pick(parameters, "ID")) is not None:
        conditions = {"ID": one}
    found = people.users.select(conditions, descending=_descending(pick(parameters, "order")))
    if str(pick(parameters, "ADMIN_MODE")).lower() not in ("true", "1", "y"):
        found = [row for row in found if row["UF_DEPARTMENT"]]
    return _reply(page(found, _start(parameters), literal=False), empty_without_total=True)


def groups(people: People, caller: Caller, parameters: Tree) -> Reply:
    """``sonet_group.get``: newest first unless asked otherwise; invisible ones for an administrator who says so."""
    order = pick(parameters, "ORDER")
    descending = _descending(order.get("ID")) if isinstance(order, dict) and "ID" in order else True
    found = people.groups.select(_upper(pick(parameters, "FILTER")), descending=descending)
    if not (caller.admin and str(pick(parameters, "IS_ADMIN")).upper() == "Y"):
        found = [row for row in found if row["VISIBLE"] == "Y"]
    return _reply(page(found, _start(parameters), literal=False))


def members(people: People, _caller: Caller, parameters: Tree) -> Reply:
    """``sonet_group.user.get``: no paging."""
    try:
        number = int(pick(parameters, "ID") or 0)
    except (TypeError, ValueError):
        number = 0
    if number not in people.members:
        raise PortalError("", "Socialnetwork group not found")
    return Reply(people.members[number])


def profile(people: People, caller: Caller, _parameters: Tree) -> Reply:
    """``profile`` and ``user.current``: who the webhook is."""
    row = next((row for row in people.users.rows if row["ID"] == str(caller.user)), {"ID": str(caller.user)})
    shown = {name: row.get(name, "") for name in ("ID", "NAME", "LAST_NAME", "PERSONAL_GENDER")}
    return Reply({**shown, "ADMIN": caller.admin, "TIME_ZONE": ""})


def server_time(_people: People, _caller: Caller, _parameters: Tree) -> Reply:
    """``server.time``."""
    return Reply(datetime.fromtimestamp(time.time(), _ZONE).isoformat(timespec="seconds"))


def scope(_people: People, caller: Caller, _parameters: Tree) -> Reply:
    """``scope``: what was ticked."""
    return Reply(sorted(caller.scopes))


def method_get(_people: People, caller: Caller, parameters: Tree) -> Reply:
    """``method.get``: exists, and is available with this webhook."""
    method = REGISTRY.get(str(pick(parameters, "name")).lower())
    available = method is not None and method.scope in ({""} | caller.scopes)
    return Reply({"isExisting": method is not None, "isAvailable": available})


def application_only(_people: People, _caller: Caller, _parameters: Tree) -> Reply:
    """Methods that refuse every webhook."""
    raise PortalError("ACCESS_DENIED", "Access denied! Application context required", 403)


def written(_people: People, _caller: Caller, _parameters: Tree) -> Reply:
    """Write methods: they are counted, and change nothing."""
    return Reply(True)  # what the API answers


REGISTRY: dict[str, Method] = {
    "app.info": Method("", application_only),
    "department.add": Method("department", written, reads=False),
    "department.delete": Method("department", written, reads=False),
    "department.get": Method("department", departments),
    "department.update": Method("department", written, reads=False),
    "method.get": Method("", method_get),
    "profile": Method("", profile),
    "scope": Method("", scope),
    "server.time": Method("", server_time),
    "sonet_group.create": Method("sonet_group", written, reads=False),
    "sonet_group.delete": Method("sonet_group", written, reads=False),
    "sonet_group.get": Method("sonet_group", groups),
    "sonet_group.update": Method("sonet_group", written, reads=False),
    "sonet_group.user.get": Method("sonet_group", members),
    "user.add": Method("user", written, reads=False),
    "user.current": Method("user", profile),
    "user.get": Method("user", users),
    "user.update": Method("user", written, reads=False),
}


def find(name: str) -> Method:
    """Raises PortalError for a name that does not exist."""
    method = REGISTRY.get(name.lower())
    if method is None:
        raise method_not_found()
    return method
