"""One task, and one set of checklists, as people make them."""

import random
import uuid
from collections.abc import Sequence

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.bindings import Binding
from lab.simulators.bitrix24.disk.data import Disk
from lab.simulators.bitrix24.lists import Row
from lab.simulators.bitrix24.people.circles import Circles
from lab.simulators.bitrix24.tasks.fields import CUSTOM
from lab.simulators.bitrix24.texts import Writer

_DAY = 86400
_TAGS = ["срочно", "R&D", "q1 2026", "🎄", "клиент: Ромашка"]


def task(
    chance: random.Random, writer: Writer, circles: Circles, bound: Sequence[Binding], number: int, made: int
) -> Row:
    """Keys in upper case; made at ``made`` (Unix time)."""
    status = chance.choice("2223345556")
    changed = min(made + chance.randint(0, 60) * _DAY, max(made, stamps.LAST))
    creator, responsible = circles.somebody(chance, gone=0.04), circles.somebody(chance, gone=0.04)
    legacy = chance.random() < 0.12
    groups = circles.people.groups.ids
    closed = status == "5"
    return {
        "ID": str(number),
        "PARENT_ID": None,
        "TITLE": writer.title(number),
        "DESCRIPTION": writer.html() if legacy else chance.choice(["", writer.body(), writer.body()]),
        "DESCRIPTION_IN_BBCODE": "N" if legacy else "Y",
        "MARK": chance.choice(["P", "N", "", None, None]),
        "PRIORITY": chance.choice("1112220"),
        "STATUS": status,
        "GROUP_ID": str(chance.choice(groups)) if groups and chance.random() < 0.4 else "0",
        "STAGE_ID": chance.choice(["0", "5", "6"]),
        "CREATED_BY": str(creator),
        "CREATED_DATE": stamps.written(made),
        "RESPONSIBLE_ID": str(responsible),
        "ACCOMPLICES": [str(one) for one in circles.several(chance, 3)],
        "AUDITORS": [str(one) for one in circles.several(chance, 2)],
        "CHANGED_BY": str(creator),
        "CHANGED_DATE": stamps.written(changed),
        "STATUS_CHANGED_BY": str(responsible),
        "STATUS_CHANGED_DATE": stamps.written(changed),
        "CLOSED_BY": str(responsible) if closed else "0",
        "CLOSED_DATE": stamps.written(changed) if closed else None,
        "ACTIVITY_DATE": stamps.written(changed),
        "DATE_START": stamps.written(made + _DAY) if status in "345" else None,
        "DEADLINE": stamps.written(made + chance.randint(1, 30) * _DAY) if chance.random() < 0.6 else None,
        "START_DATE_PLAN": stamps.written(made + _DAY) if chance.random() < 0.3 else None,
        "END_DATE_PLAN": stamps.written(made + 9 * _DAY) if chance.random() < 0.3 else None,
        "GUID": f"{{{uuid.UUID(int=chance.getrandbits(128), version=4)}}}",
        "XML_ID": chance.choice([None, None, "", f"ext-{number}"]),
        "COMMENTS_COUNT": "0",
        "SERVICE_COMMENTS_COUNT": str(chance.randint(0, 5)),
        "NEW_COMMENTS_COUNT": chance.randint(0, 2),
        "ALLOW_CHANGE_DEADLINE": chance.choice("YN"),
        "ALLOW_TIME_TRACKING": chance.choice("YN"),
        "TASK_CONTROL": chance.choice("YN"),
        "ADD_IN_REPORT": "N",
        "MATCH_WORK_TIME": "N",
        "MULTITASK": "N",
        "NOT_VIEWED": "N",
        "REPLICATE": "Y" if chance.random() < 0.05 else "N",
        "SUBORDINATE": "N",
        "FAVORITE": chance.choice("NNY"),
        "IS_MUTED": "N",
        "IS_PINNED": "N",
        "TIME_ESTIMATE": str(chance.choice([0, 0, 3600, 5400])),
        "TIME_SPENT_IN_LOGS": chance.choice([None, "1200"]),
        "DURATION_PLAN": chance.choice([None, "3"]),
        "DURATION_FACT": None,
        "DURATION_TYPE": chance.choice(["days", "hours", "monts"]),
        "FORUM_TOPIC_ID": None,
        "FORUM_ID": None,
        "SITE_ID": "s1",
        "EXCHANGE_ID": None,
        "EXCHANGE_MODIFIED": None,
        "OUTLOOK_VERSION": "1",
        "FLOW_ID": None,
        "VIEWED_DATE": stamps.written(changed),
        "TAGS": _tags(chance),
        "UF_CRM_TASK": _links(chance, bound),
        "UF_TASK_WEBDAV_FILES": chance.choice([False, []]),
        "UF_MAIL_MESSAGE": None,
        CUSTOM: chance.choice([None, "", f"№ {number}"]),
    }


def checklist(chance: random.Random, writer: Writer, circles: Circles, row: Row, disk: Disk) -> list[Row]:
    """Roots are the checklists themselves. ``PARENT_ID`` holds the parent's place in the list, None for a root."""
    items: list[Row] = []
    for number in range(chance.randint(1, 2)):
        root = len(items)
        items.append(_item(chance, circles, row, f"Чек-лист {number + 1}", None, number))
        for place in range(chance.randint(0, 5)):
            nested = place > 1 and chance.random() < 0.3
            items.append(_item(chance, circles, row, writer.words(), len(items) - 1 if nested else root, place))
    if chance.random() < 0.1:
        file = disk.add(int(row["CREATED_BY"]), stamps.read(row["CREATED_DATE"]) or 0)
        link = disk.attach(file, "tasks", "tasks_checklist_item", int(row["ID"]))
        address = f"/bitrix/tools/disk/uf.php?attachedId={link.id}&ncc=1"
        items[-1]["ATTACHMENTS"] = {
            str(link.id): {
                "ATTACHMENT_ID": link.id,
                "NAME": file.name,
                "SIZE": str(len(file.content)),
                "FILE_ID": str(file.id),
                "DOWNLOAD_URL": f"{address}&action=download",
                "VIEW_URL": f"{address}&action=show",
            }
        }
    return items


def _item(chance: random.Random, circles: Circles, row: Row, title: str, parent: int | None, place: int) -> Row:
    done = chance.random() < 0.4
    members = circles.several(chance, 1) if parent is not None and chance.random() < 0.2 else []
    return {
        "ID": "",
        "TASK_ID": row["ID"],
        "PARENT_ID": parent,
        "CREATED_BY": row["CREATED_BY"],
        "TITLE": title,
        "SORT_INDEX": str(place),
        "IS_COMPLETE": "Y" if done else "N",
        "IS_IMPORTANT": chance.choice("NNNY"),
        "TOGGLED_BY": row["RESPONSIBLE_ID"] if done else None,
        "TOGGLED_DATE": row["CHANGED_DATE"] if done else "",
        "MEMBERS": [{"ID": str(one), "TYPE": chance.choice("AU"), "NAME": circles.name(one)} for one in members],
        "ATTACHMENTS": [],
    }


def _tags(chance: random.Random) -> dict[str, Row] | list[Row]:
    places = chance.sample(range(len(_TAGS)), chance.choice([0, 0, 1, 2]))
    return {str(30 + place): {"id": 30 + place, "title": _TAGS[place]} for place in places} or []


def _links(chance: random.Random, bound: Sequence[Binding]) -> list[str] | bool:
    return [one.code for one in chance.sample(bound, min(len(bound), chance.choice([0, 0, 1, 2])))] or False
