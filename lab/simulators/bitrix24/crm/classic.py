"""``crm.deal.*``, ``crm.contact.*``, ``crm.company.*``: upper-case names, texts for numbers (API facts §4.7)."""

from collections.abc import Callable
from typing import Any

from lab.simulators.bitrix24.calls import Caller, Reply
from lab.simulators.bitrix24.crm.arguments import mapping, names, number
from lab.simulators.bitrix24.crm.conditions import conditions
from lab.simulators.bitrix24.crm.deals import contact_ids
from lab.simulators.bitrix24.crm.dictionaries import CONTACT, DEAL
from lab.simulators.bitrix24.crm.draws import Draw
from lab.simulators.bitrix24.crm.fields import Field
from lab.simulators.bitrix24.crm.listing import Order, page
from lab.simulators.bitrix24.crm.records import Records
from lab.simulators.bitrix24.crm.views import classic_row
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.parameters import Tree, pick
from lab.simulators.bitrix24.world import World

Handle = Callable[[World, Caller, Tree], Reply]


def listing(type_id: int) -> Handle:
    """``crm.deal.list`` and its like. What a filter or an order does not know, is void; groups are too."""

    def handle(world: World, _caller: Caller, parameters: Tree) -> Reply:
        records = world.crm.records[type_id]
        known = {field.classic: field for field in records.fields if field.classic}
        wanted = conditions(mapping(parameters, "filter"), known.get, nested=False)
        order = _order(mapping(parameters, "order"), known)
        found = page(records, wanted, order, number(pick(parameters, "start")), literal=False)
        fields = _selected(names(pick(parameters, "select")), known)
        return Reply([classic_row(records, draw, fields) for draw in found.draws], found.total, found.next, 1)

    return handle


def getting(type_id: int) -> Handle:
    """``crm.deal.get`` and its like: everything, whether list methods show the record or not."""

    def handle(world: World, _caller: Caller, parameters: Tree) -> Reply:
        records = world.crm.records[type_id]
        return Reply(classic_row(records, _one(records, parameters, "Not found"), records.fields))

    return handle


def describing(type_id: int) -> Handle:
    """``crm.deal.fields`` and its like."""

    def handle(world: World, _caller: Caller, _parameters: Tree) -> Reply:
        fields = [one for one in world.crm.records[type_id].fields if one.classic and one.described]
        return Reply({one.classic: one.description(universal=False) for one in fields})

    return handle


def deal_contacts(world: World, _caller: Caller, parameters: Tree) -> Reply:
    """``crm.deal.contact.items.get``: whole numbers, and no paging."""
    draw = _one(world.crm.records[DEAL], parameters, "Not found.")
    return Reply(
        [
            {"CONTACT_ID": contact, "SORT": 10 * (place + 1), "ROLE_ID": 0, "IS_PRIMARY": "N" if place else "Y"}
            for place, contact in enumerate(contact_ids(draw, world.crm.records[CONTACT]))
        ]
    )


def _one(records: Records, parameters: Tree, missing: str) -> Draw:
    wanted = number(pick(parameters, "id"))
    if wanted <= 0:
        raise PortalError("", "ID is not defined or invalid.")
    draw = records.find(wanted)
    if draw is None:
        raise PortalError("", missing)
    return draw


def _selected(selected: list[str], known: dict[str, Field]) -> list[Field]:
    """``*`` stands for standard fields, ``UF_*`` for custom ones; multifields are to be named."""
    chosen = []
    for name, field in known.items():
        standard = field.custom is None and field.kind != "crm_multifield"
        starred = (standard and (not selected or "*" in selected)) or (field.custom is not None and "UF_*" in selected)
        if starred or name in selected:
            chosen.append(field)
    return chosen


def _order(given: Any, known: dict[str, Field]) -> Order:
    entries = given.items() if isinstance(given, dict) else ()
    return [(known[name], str(direction).upper() == "DESC") for name, direction in entries if name in known]
