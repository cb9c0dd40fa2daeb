"""A task as the second version of the API shows it."""

from collections.abc import Collection
from typing import Any

from lab.simulators.bitrix24.lists import Row
from lab.simulators.bitrix24.people.circles import Circles
from lab.simulators.bitrix24.tasks.fields import CAMEL, CUSTOM, USER_FIELDS

_ICON = "/bitrix/images/tasks/default_avatar.png"

_COUNTERS = ("expired", "newComments", "projectExpired", "projectNewComments", "mutedExpired", "mutedNewComments")


def card(row: Row, circles: Circles, names: Collection[str] | None, *, custom: bool = False) -> Row:
    """The fields ``names`` (None: all) and what comes along with them. ``custom``: user fields may be told too."""
    hidden = () if custom else (*USER_FIELDS, CUSTOM)
    wanted = [name for name in row if (names is None or name in names or name == "ID") and name not in hidden]
    shown: Row = {CAMEL[name]: row[name] for name in wanted}
    if "CREATED_BY" in wanted:
        shown["creator"] = _person(circles, row["CREATED_BY"])
    if "RESPONSIBLE_ID" in wanted:
        shown["responsible"] = _person(circles, row["RESPONSIBLE_ID"])
    for field, key in (("ACCOMPLICES", "accomplicesData"), ("AUDITORS", "auditorsData")):
        if field in wanted:
            shown[key] = {one: _person(circles, one) for one in row[field]} or []
    if "DEADLINE" in wanted:
        shown["lengthDeadline"] = "1" if row["DEADLINE"] else "0"
    shown["group"] = _group(circles, int(row["GROUP_ID"]))
    shown["subStatus"] = "-1" if row["DEADLINE"] and row["STATUS"] in "23" else row["STATUS"]
    shown["action"] = {"accept": False, "edit": True, "remove": True}
    shown["counter"] = {"counters": dict.fromkeys(_COUNTERS, 0), "color": "gray", "value": 0}
    return shown


def _person(circles: Circles, user: str) -> Row:
    known = circles.row(int(user)) or {}
    link = f"/company/personal/user/{user}/"
    name = circles.name(int(user))
    return {"id": user, "name": name, "link": link, "icon": _ICON, "workPosition": known.get("WORK_POSITION", "")}


def _group(circles: Circles, number: int) -> Any:
    found = circles.people.groups.find(number)
    if found is None:
        return []
    return {"id": str(number), "name": found["NAME"], "opened": found["OPENED"] == "Y", "image": ""}
