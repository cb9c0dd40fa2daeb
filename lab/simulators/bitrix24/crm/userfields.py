"""Definitions of custom fields, by both families (API facts §5.4)."""

from collections.abc import Callable, Iterable
from typing import Any

from lab.simulators.bitrix24.calls import Caller, Reply
from lab.simulators.bitrix24.crm.arguments import mapping, number
from lab.simulators.bitrix24.crm.custom import CustomField, Option
from lab.simulators.bitrix24.crm.definitions import classic_definition, config_row
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.lists import PAGE
from lab.simulators.bitrix24.parameters import Tree, pick
from lab.simulators.bitrix24.world import World

_FORBIDDEN = "You do not have permission to view user field settings"

_OF_PEOPLE = (
    CustomField(176, "USER", "UF_USR_1724228142162", "enumeration", "Смена", True, options=(Option(26, "1"),)),
    CustomField(177, "USER", "UF_USR_MONEY", "money", "Оклад"),
)


def classic_list(type_id: int) -> Callable[[World, Caller, Tree], Reply]:
    """``crm.deal.userfield.list`` and its like: all at once; enumerations with their values."""

    def handle(world: World, _caller: Caller, parameters: Tree) -> Reply:
        return _listed(world.crm.custom_of(type_id), parameters)

    return handle


def people_list(_world: World, caller: Caller, parameters: Tree) -> Reply:
    """``user.userfield.list``: for administrators."""
    if not caller.admin:
        raise PortalError("", "Access denied.")
    return _listed(_OF_PEOPLE, parameters)


def _listed(fields: Iterable[CustomField], parameters: Tree) -> Reply:
    given = mapping(parameters, "filter")
    wanted = dict(given) if isinstance(given, dict) else {}
    labels = bool(wanted.pop("LANG", ""))
    rows = [classic_definition(one, labels=labels) for one in fields]
    found = [row for row in rows if all(str(row.get(name)) == str(one) for name, one in wanted.items())]
    return Reply(found, len(found), None, 1)


def config_list(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``userfieldconfig.list``: pages of 50; enumerations without their values."""
    _admit(caller, parameters)
    given = mapping(parameters, "filter")
    entity = given.get("entityId") if isinstance(given, dict) else None
    defined = [one for one in world.crm.custom if entity in (None, one.entity)]
    start = max(0, number(pick(parameters, "start")))
    language = _language(pick(parameters, "select"))
    rows = [config_row(one, options=False, language=language) for one in defined[start : start + PAGE]]
    following = start + PAGE if start + len(rows) < len(defined) else None
    return Reply({"fields": rows}, len(defined), following, 1)


def config_get(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``userfieldconfig.get``: one, with the values of its enumeration."""
    _admit(caller, parameters)
    wanted = number(pick(parameters, "id"))
    for one in world.crm.custom:
        if one.id == wanted:
            return Reply({"field": config_row(one, options=True)})
    raise PortalError("", _FORBIDDEN)


def _admit(caller: Caller, parameters: Tree) -> None:
    if "crm" not in caller.scopes:
        raise PortalError("insufficient_scope", "", 401)
    if pick(parameters, "moduleId") != "crm":
        raise PortalError("", _FORBIDDEN)


def _language(select: Any) -> str:
    return str(select.get("language", "")) if isinstance(select, dict) else ""
