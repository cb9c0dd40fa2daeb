"""``crm.item.*``: one family for every type (API facts §4.8)."""

from collections.abc import Callable
from typing import Any

from lab.simulators.bitrix24.calls import Caller, Reply
from lab.simulators.bitrix24.crm.arguments import mapping, names, number, yes
from lab.simulators.bitrix24.crm.conditions import conditions
from lab.simulators.bitrix24.crm.custom import camel
from lab.simulators.bitrix24.crm.fields import Field, upper
from lab.simulators.bitrix24.crm.listing import Order, page
from lab.simulators.bitrix24.crm.records import Records
from lab.simulators.bitrix24.crm.views import columns, universal_row
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.parameters import Tree, pick
from lab.simulators.bitrix24.world import World

_WITHOUT_SEARCH = ("fm",)


def item_list(world: World, _caller: Caller, parameters: Tree) -> Reply:
    """``crm.item.list``. ``fm`` and ``entityTypeId`` come with ``select: ["*"]`` only, or without a selection."""
    records = _records(world, parameters)
    known = _known(records)
    wanted = conditions(mapping(parameters, "filter"), _searched(known), nested=True)
    found = page(records, wanted, _order(parameters, known), number(pick(parameters, "start")), literal=True)
    selected = names(pick(parameters, "select"))
    everything = not selected or "*" in selected
    fields = records.fields if everything else _selected(selected, known)
    alone = selected in ([], ["*"])
    if everything and not alone:
        fields = tuple(field for field in fields if field.name != "fm")
    more = {"entityTypeId": records.type_id} if alone else {}
    shown = columns(fields, original=yes(pick(parameters, "useOriginalUfNames")))
    items = [{**universal_row(records, draw, shown), **more} for draw in found.draws]
    return Reply({"items": items}, found.total, found.next, 1)


def item_get(world: World, _caller: Caller, parameters: Tree) -> Reply:
    """``crm.item.get``: always everything."""
    records = _records(world, parameters)
    draw = records.find(number(pick(parameters, "id")))
    if draw is None:
        raise PortalError("NOT_FOUND", "Element not found")
    shown = columns(records.fields, original=yes(pick(parameters, "useOriginalUfNames")))
    return Reply({"item": {**universal_row(records, draw, shown), "entityTypeId": records.type_id}})


def item_fields(world: World, _caller: Caller, parameters: Tree) -> Reply:
    """``crm.item.fields``."""
    records = _records(world, parameters)
    described = [field for field in records.fields if field.described]
    shown = columns(described, original=yes(pick(parameters, "useOriginalUfNames")))
    return Reply({"fields": {name: field.description(universal=True) for name, field, _ in shown}})


def _records(world: World, parameters: Tree) -> Records:
    records = world.crm.records.get(number(pick(parameters, "entityTypeId")))
    if records is None:
        raise PortalError("NOT_FOUND", "Smart process not found")
    return records


def _known(records: Records) -> dict[str, Field]:
    """Fields by every name they may be called in a request."""
    fields = [field for field in records.fields if not field.only_classic]
    spelling: dict[str, Field] = {upper(field.name): field for field in fields if field.custom is None}
    spelling |= {camel(field.name): field for field in fields if field.custom is not None}
    return spelling | {field.name: field for field in fields}


def _selected(selected: list[str], known: dict[str, Field]) -> tuple[Field, ...]:
    """The id comes always; unknown names, and ``fm``, are left out."""
    chosen = {"id": known["id"]} | {known[name].name: known[name] for name in selected if name in known}
    return tuple(field for name, field in chosen.items() if name not in _WITHOUT_SEARCH)


def _searched(known: dict[str, Field]) -> Callable[[str], Field]:
    def find(name: str) -> Field:
        if name not in known or name in _WITHOUT_SEARCH:
            raise PortalError("INVALID_ARG_VALUE", f"Invalid filter: field '{name}' is not allowed in filter")
        return known[name]

    return find


def _order(parameters: Tree, known: dict[str, Field]) -> Order:
    given: Any = mapping(parameters, "order")
    order: Order = []
    for name, direction in given.items() if isinstance(given, dict) else ():
        if name not in known or name in _WITHOUT_SEARCH:
            raise PortalError("INVALID_ARG_VALUE", f"Invalid order: field '{name}' is not allowed in order")
        if str(direction).upper() not in ("ASC", "DESC"):
            allowed = f"allowed sort directions are ASC, DESC. But got '{direction}' for field '{name}'"
            raise PortalError("INVALID_ARG_VALUE", f"Invalid order: {allowed}")
        order.append((known[name], str(direction).upper() == "DESC"))
    return order
