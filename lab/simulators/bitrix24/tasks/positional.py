"""The old task methods, whose arguments go by place: comments, checklists, lists, user fields (API facts §4.4)."""

from typing import Any

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.asked import arguments, integer, listed, mapped
from lab.simulators.bitrix24.calls import Caller, Method, Reply
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.lists import PAGE, Row, meets, split
from lab.simulators.bitrix24.parameters import Tree
from lab.simulators.bitrix24.tasks.comments import ForumComment
from lab.simulators.bitrix24.tasks.fields import CUSTOM, SORTABLE
from lab.simulators.bitrix24.tasks.filters import chosen, ordered
from lab.simulators.bitrix24.world import World

_COMMENT_FIELDS = ("ID", "AUTHOR_ID", "AUTHOR_NAME", "POST_DATE")


def comments(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``task.commentitem.getlist`` (TASKID, ORDER, FILTER): all at once; ``start`` means nothing here."""
    task, order, conditions = arguments(parameters, 3)
    row = _task(world, caller, task)
    rows = [_comment(world, one) for one in world.tasks.forum.get(int(row["ID"]), [])]
    for key, wanted in mapped(conditions).items():
        prefix, name = split(key)
        if name.upper() in _COMMENT_FIELDS:
            rows = [one for one in rows if meets(one[name.upper()], prefix, wanted)]
    key, direction = next(iter(mapped(order).items()), ("ID", "desc"))
    if key.upper() not in _COMMENT_FIELDS:
        raise _misplaced()
    rows.sort(key=lambda one: _place(one, key.upper()))
    return Reply(rows[::-1] if str(direction).lower().startswith("desc") else rows, pages=1)


def checklists(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``task.checklistitem.getlist`` (TASKID, ORDER): all at once, roots among their items."""
    task, order = arguments(parameters, 2)
    row = _task(world, caller, task)
    items = sorted(world.tasks.checklists.get(int(row["ID"]), []), key=lambda item: int(item["ID"]))
    key, direction = next(iter(mapped(order).items()), ("ID", "asc"))
    if key.upper() in ("SORT_INDEX", "ID"):
        items.sort(key=lambda item: int(item[key.upper()]))
    return Reply(items[::-1] if str(direction).lower().startswith("desc") else items, pages=1)


def items(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``task.item.list`` (ORDER, FILTER, PARAMS, SELECT): a filter without an order does nothing."""
    order, conditions, params, select = arguments(parameters, 4)
    key, direction = next(iter(mapped(order).items()), ("ID", "desc"))
    if key.upper() not in SORTABLE:
        raise _misplaced()
    descending = str(direction).lower().startswith("desc")
    found = chosen(world.tasks.table, mapped(conditions) if order else {}, descending=False)
    found = [row for row in found if caller.admin or caller.user in world.tasks.readers(row)]
    found = ordered(found, key.upper(), descending=descending)
    navigation = mapped(mapped(params).get("NAV_PARAMS"))
    size = max(1, min(PAGE, integer(navigation, "nPageSize", PAGE)))
    begin = (max(1, integer(navigation, "iNumPage", 1)) - 1) * size
    names = [str(name).upper() for name in listed(select)] or ["*"]
    rows = [_plain(row, names) for row in found[begin : begin + size]]
    return Reply(rows, len(found), begin + size if begin + size < len(found) else None, 1)


def user_fields(_world: World, _caller: Caller, _parameters: Tree) -> Reply:
    """``task.item.userfield.getlist``: says that there are none, and lists them."""
    kinds = {
        "UF_CRM_TASK": "crm",
        "UF_TASK_WEBDAV_FILES": "disk_file",
        "UF_MAIL_MESSAGE": "mail_message",
        CUSTOM: "string",
    }
    rows: list[Row] = [
        {
            "ID": str(40 + place),
            "ENTITY_ID": "TASKS_TASK",
            "FIELD_NAME": name,
            "USER_TYPE_ID": kind,
            "XML_ID": name,
            "SORT": "100",
            "MULTIPLE": "Y" if kind in ("crm", "disk_file") else "N",
            "MANDATORY": "N",
            "SETTINGS": [],
            "EDIT_FORM_LABEL": {"ru": "Номер заявки", "en": ""} if name == CUSTOM else None,
        }
        for place, (name, kind) in enumerate(kinds.items())
    ]
    return Reply(rows, 0)


def _task(world: World, caller: Caller, number: Any) -> Row:
    if isinstance(number, (dict, list)) or not str(number).isdecimal():
        raise _misplaced()
    row = world.tasks.find(int(number))
    if row is None or not (caller.admin or caller.user in world.tasks.readers(row)):
        raise PortalError(
            "ERROR_CORE", "TASKS_ERROR_EXCEPTION_#8; Action failed; 8/TE/ACTION_FAILED_TO_BE_PROCESSED<br>"
        )
    return row


def _misplaced() -> PortalError:
    return PortalError(
        "ERROR_CORE", "TASKS_ERROR_EXCEPTION_#256; Param #0 (taskId) expected by method; 256/TE/WRONG_ARGUMENTS<br>"
    )


def _comment(world: World, one: ForumComment) -> Row:
    attached = {str(link.id): _attached(world, link.id, link.file) for link in one.files}
    row: Row = {
        "POST_MESSAGE_HTML": None,
        "ID": str(one.id),
        "AUTHOR_ID": str(one.author),
        "AUTHOR_NAME": world.tasks.circles.name(one.author),
        "AUTHOR_EMAIL": "",
        "POST_DATE": stamps.written(one.made),
        "POST_MESSAGE": one.text,
        "ATTACHED_OBJECTS": attached or ([] if one.id % 3 else {}),
    }
    if not attached and one.id % 5 == 0:
        del row["ATTACHED_OBJECTS"]
    return row


def _attached(world: World, link: int, number: int) -> Row:
    file = world.disk.files[number]
    address = f"/bitrix/tools/disk/uf.php?attachedId={link}&auth[auth]=3edf7ca92"
    return {
        "ATTACHMENT_ID": str(link),
        "NAME": file.name,
        "SIZE": str(len(file.content)),
        "FILE_ID": str(number),
        "DOWNLOAD_URL": f"{address}&action=download&ncc=1",
        "VIEW_URL": f"{address}&action=show&ncc=1",
    }


def _place(row: Row, key: str) -> tuple[int, str]:
    if key == "AUTHOR_NAME":
        return 0, row[key]
    return (stamps.read(row[key]) or 0 if key == "POST_DATE" else int(row[key])), ""


def _plain(row: Row, names: list[str]) -> Row:
    return {name: value for name, value in row.items() if "*" in names or name in names or name == "ID"}


METHODS: dict[str, Method] = {
    "task.checklistitem.getlist": Method("task", checklists),
    "task.commentitem.getlist": Method("task", comments),
    "task.item.list": Method("task", items),
    "task.item.userfield.getlist": Method("task", user_fields),
}
