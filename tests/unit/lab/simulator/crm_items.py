"""A portal with CRM records, and ``crm.item.*`` asked of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from lab.simulators.bitrix24.calls import Caller, Reply
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.world import World

DEAL, CONTACT, COMPANY = 2, 3, 4
CALLER = Caller(1, "secret", frozenset({"crm"}))
Json = dict[str, Any]


def crm_world() -> World:
    return World.create(
        Size(users=30, departments=2, groups=0, deals=330, contacts=220, companies=90, smart_types=3, smart_items=100)
    )


def listed(world: World, type_id: int = DEAL, **parameters: Any) -> Reply:
    return find("crm.item.list").handle(world, CALLER, {"entityTypeId": type_id, **parameters})


def items(world: World, type_id: int = DEAL, **parameters: Any) -> list[Json]:
    found: list[Json] = listed(world, type_id, **parameters).result["items"]
    return found


def by_id(world: World, type_id: int = DEAL, **parameters: Any) -> Iterator[Json]:
    """Everything, page by page."""
    last = 0
    while True:
        wanted = {"filter": {**parameters.get("filter", {}), ">id": last}, "order": {"id": "ASC"}, "start": -1}
        page = items(world, type_id, **{**parameters, **wanted})
        yield from page
        if len(page) < 50:
            return
        last = page[-1]["id"]


def refused(world: World, method: str = "crm.item.list", **parameters: Any) -> tuple[str, str]:
    with pytest.raises(PortalError) as caught:
        find(method).handle(world, CALLER, {"entityTypeId": DEAL, **parameters})
    return caught.value.code, caught.value.description


def unsigned(row: Json) -> Json:
    """Without what is signed anew each time."""
    return {name: value for name, value in row.items() if "urlMachine" not in str(value)}
