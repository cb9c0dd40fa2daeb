"""Tasks, second version: lists, one task, its fields, kanban stages (API facts §4.4)."""

from typing import Any

from lab.simulators.bitrix24.asked import integer, mapped
from lab.simulators.bitrix24.calls import Caller, Method, Reply, written
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.lists import Row, page
from lab.simulators.bitrix24.parameters import Tree, pick
from lab.simulators.bitrix24.tasks import positional
from lab.simulators.bitrix24.tasks.cards import card
from lab.simulators.bitrix24.tasks.fields import CAMEL, CUSTOM, FIELDS, SORTABLE, USER_FIELDS
from lab.simulators.bitrix24.tasks.filters import chosen, ordered
from lab.simulators.bitrix24.world import World

_CHAT = "CHAT_ID"
_STAGES = [("5", "Не спланированы", "NEW"), ("6", "Сделаю на неделе", None), ("9", "Готово", "FINISH")]


def listing(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``tasks.task.list``: newest first unless asked otherwise; user fields are told by get only."""
    names = _selected(parameters)
    order = mapped(pick(parameters, "order"))
    key, direction = next(iter(order.items()), ("ID", "desc"))
    if key.upper() not in SORTABLE:
        raise PortalError("0", "Invalid sorting key (internal error)")
    descending = str(direction).lower().startswith("desc")
    by_id = key.upper() == "ID"
    found = chosen(world.tasks.table, mapped(pick(parameters, "filter")), descending=descending and by_id)
    found = [row for row in found if _visible(world, caller, row)]
    shown = page(
        found if by_id else ordered(found, key.upper(), descending=descending),
        integer(parameters, "start"),
        literal=False,
    )
    extras = mapped(pick(parameters, "params"))
    cards = [card(row, world.tasks.circles, names) | _extras(row, extras) for row in shown.rows]
    return Reply({"tasks": cards}, shown.total, shown.next, 1)


def single(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``tasks.task.get``: a task that is missing, or not for this user's eyes, is an empty array and no error.

    Whoever names fields has to name the chat, too.
    """
    names = _selected(parameters)
    row = world.tasks.find(integer(parameters, "taskId"))
    if row is None or not _visible(world, caller, row):
        return Reply([], pages=1)
    wanted = set(names if names is not None else row) - {CUSTOM}
    if wanted & set(USER_FIELDS) or "UF_*" in wanted:
        wanted |= set(USER_FIELDS)
    elif names is None:
        wanted -= set(USER_FIELDS)
    if names is not None and ("UF_*" in names or CUSTOM in names):
        wanted.add(CUSTOM)
    shown = card(row, world.tasks.circles, wanted, custom=True)
    if names is None or _CHAT in names:
        shown["chatId"] = world.tasks.chats.get(int(row["ID"]))
    return Reply({"task": shown}, pages=1)


def fields(_world: World, _caller: Caller, _parameters: Tree) -> Reply:
    """``tasks.task.getFields``."""
    return Reply({"fields": FIELDS})


def stages(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``task.stages.get``: of a group's kanban, or of the caller's own plan for 0."""
    group = integer(parameters, "entityId")
    if group and not (caller.admin or caller.user in world.tasks.circles.members(group)):
        raise PortalError("ACCESS_DENIED", "You cannot view stages in this group.")
    kind, owner = ("G", group) if group else ("U", caller.user)
    return Reply(
        {
            number: {
                "ID": number,
                "TITLE": title,
                "SORT": str(100 * (place + 1)),
                "COLOR": "00C4FB",
                "SYSTEM_TYPE": system,
                "ENTITY_ID": str(owner),
                "ENTITY_TYPE": kind,
                "ADDITIONAL_FILTER": [],
                "TO_UPDATE": [],
                "TO_UPDATE_ACCESS": None,
            }
            for place, (number, title, system) in enumerate(_STAGES)
        }
    )


def _extras(row: Row, params: Tree) -> Row:
    asked = {name.upper() for name, value in params.items() if str(value).lower() in ("y", "1", "true")}
    shown: Row = {}
    if "WITH_PARSED_DESCRIPTION" in asked:
        shown["parsedDescription"] = row["DESCRIPTION"]
    if "WITH_RESULT_INFO" in asked:
        shown |= {"taskRequireResult": "N", "taskHasOpenResult": "N", "taskHasResult": "N"}
    if "WITH_TIMER_INFO" in asked:
        shown |= {"timeElapsed": None, "timerIsRunningForCurrentUser": "N"}
    return shown


def _visible(world: World, caller: Caller, row: Row) -> bool:
    return caller.admin or caller.user in world.tasks.readers(row)


def _selected(parameters: Tree) -> list[str] | None:
    """Names in upper case, None for all of them."""
    select: Any = pick(parameters, "select")
    if select is None or select in ([], "", {}):
        return None
    if not isinstance(select, list):
        shown = "{}" if isinstance(select, dict) else select
        wrong = f"Invalid value {shown} to match with parameter {{select}}."
        raise PortalError("100", f"{wrong} Should be value of type array. (internal error)")
    names = [str(name).upper() for name in select]
    return [*CAMEL, _CHAT, *(name for name in names if name.startswith("UF_"))] if "*" in names else names


_WRITES = (
    "tasks.task.add tasks.task.update tasks.task.delete tasks.task.complete tasks.task.start tasks.task.delegate "
    "task.item.add task.item.update task.item.delete task.commentitem.add task.commentitem.update "
    "task.commentitem.delete task.checklistitem.add task.checklistitem.update task.checklistitem.delete "
    "task.checklistitem.complete task.stages.add task.stages.update task.stages.delete"
)

METHODS: dict[str, Method] = {
    **{name: Method("task", written, reads=False) for name in _WRITES.split()},
    **positional.METHODS,
    "task.stages.get": Method("task", stages),
    "tasks.task.get": Method("task", single),
    "tasks.task.getfields": Method("task", fields),
    "tasks.task.list": Method("task", listing),
}
