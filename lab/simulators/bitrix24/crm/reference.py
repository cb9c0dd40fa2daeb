"""Funnels, dictionaries, currencies and types of smart processes (API facts §5.2, §5.3)."""

from collections.abc import Callable
from typing import Any

from lab.simulators.bitrix24.calls import Caller, Reply
from lab.simulators.bitrix24.crm.arguments import mapping, number
from lab.simulators.bitrix24.crm.dictionaries import CURRENCIES, type_rows
from lab.simulators.bitrix24.crm.smart_types import SmartType
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.lists import Row, page, split
from lab.simulators.bitrix24.parameters import Tree, pick
from lab.simulators.bitrix24.world import World


def categories(world: World, _caller: Caller, parameters: Tree) -> Reply:
    """``crm.category.list``: all of a type's funnels, not by id; contacts and companies have none."""
    type_id = number(pick(parameters, "entityTypeId"))
    if type_id not in world.crm.records:
        raise PortalError("NOT_FOUND", "Smart process not found")
    rows = [funnel.row() for funnel in world.crm.funnels if funnel.type_id == type_id]
    return Reply({"categories": rows}, len(rows), None, 1)


def statuses(world: World, _caller: Caller, parameters: Tree) -> Reply:
    """``crm.status.list``: everything in one answer."""
    found = [row for row in world.crm.statuses if _meets(row, mapping(parameters, "filter"))]
    found = _sorted(found, mapping(parameters, "order"), numbers=("ID", "SORT"))
    return Reply(found, len(found), None, 1)


def status_types(world: World, _caller: Caller, _parameters: Tree) -> Reply:
    """``crm.status.entity.types``."""
    return Reply(type_rows(world.crm.funnels))


def currencies(_world: World, _caller: Caller, parameters: Tree) -> Reply:
    """``crm.currency.list``: says that it has none, whatever it has."""
    return Reply(_sorted(CURRENCIES, _uppered(mapping(parameters, "order")), numbers=("SORT",)), 0, None, 1)


def types(world: World, _caller: Caller, parameters: Tree) -> Reply:
    """``crm.type.list``: pages of 50, the newest first where no order is given."""
    rows = [one.row() for one in reversed(world.crm.types)]
    found = [row for row in rows if _meets(row, mapping(parameters, "filter"))]
    found = _sorted(found, mapping(parameters, "order"), numbers=("id", "entityTypeId"))
    shown = page(found, number(pick(parameters, "start")), literal=True)
    return Reply({"types": shown.rows}, shown.total or 0, shown.next, 1)


def type_by_id(world: World, _caller: Caller, parameters: Tree) -> Reply:
    """``crm.type.get``: by the type's own number, which is not its ``entityTypeId``."""
    return _whole(world, [one for one in world.crm.types if one.id == number(pick(parameters, "id"))])


def type_by_entity(world: World, _caller: Caller, parameters: Tree) -> Reply:
    """``crm.type.getByEntityTypeId``."""
    wanted = number(pick(parameters, "entityTypeId"))
    return _whole(world, [one for one in world.crm.types if one.entity_type_id == wanted])


def _whole(world: World, found: list[SmartType]) -> Reply:
    if not found:
        raise PortalError("0", "Smart process not found")
    return Reply({"type": found[0].whole_row(world.crm.parents(found[0]))})


def _meets(row: Row, conditions: Any) -> bool:
    for key, wanted in conditions.items() if isinstance(conditions, dict) else ():
        prefix, name = split(key)
        if name not in row:
            continue
        choices = [str(one) for one in wanted] if isinstance(wanted, list) else [str(wanted)]
        if prefix in (">", ">=", "<", "<="):
            held, bound = number(row[name]), number(wanted)
            if not {">": held > bound, ">=": held >= bound, "<": held < bound, "<=": held <= bound}[prefix]:
                return False
        elif (str(row[name]) in choices) == prefix.startswith("!"):
            return False
    return True


def _sorted(rows: list[Row], order: Any, *, numbers: tuple[str, ...]) -> list[Row]:
    def key(name: str) -> Callable[[Row], int | str]:
        return lambda row: number(row[name]) if name in numbers else str(row[name])

    for name, direction in reversed(list(order.items() if isinstance(order, dict) else ())):
        if all(name in row for row in rows):
            rows = sorted(rows, key=key(name), reverse=str(direction).upper() == "DESC")
    return rows


def _uppered(order: Any) -> Any:
    return {str(name).upper(): direction for name, direction in order.items()} if isinstance(order, dict) else order
