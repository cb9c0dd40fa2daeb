"""A workflow template: a tree of activities that names users, fields, stages and lists by ids (API facts §4.6)."""

import random
from typing import Any

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.lists import Row
from lab.simulators.bitrix24.people.circles import Circles

_NAMES = ["Согласование счёта", "Approve & notify", "Отпуск", "Закупка <2026>", "Новый лид 🎯", ""]
_DOCUMENTS: list[tuple[str, str, str]] = [
    ("crm", "CCrmDocumentDeal", "DEAL"),
    ("crm", "CCrmDocumentLead", "LEAD"),
    ("crm", "CCrmDocumentContact", "CONTACT"),
    ("crm", "CCrmDocumentCompany", "COMPANY"),
    ("crm", "Bitrix\\Crm\\Integration\\BizProc\\Document\\Dynamic", "DYNAMIC_128"),
    ("crm", "Bitrix\\Crm\\Integration\\BizProc\\Document\\SmartInvoice", "SMART_INVOICE"),
    ("lists", "BizprocDocument", "iblock_{0}"),
    ("lists", "Bitrix\\Lists\\BizprocDocumentLists", "iblock_{0}"),
    ("disk", "Bitrix\\Disk\\BizProcDocument", "STORAGE_{0}"),
]


def template(chance: random.Random, circles: Circles, number: int, modified: int) -> Row:
    """Scalars are texts; an empty PHP array is a list and one with keys an object."""
    module, entity, document = chance.choice(_DOCUMENTS)
    author = circles.somebody(chance, gone=0.1)
    return {
        "ID": str(number),
        "MODULE_ID": module,
        "ENTITY": entity,
        "DOCUMENT_TYPE": document.format(20 + number % 7),
        "AUTO_EXECUTE": chance.choice("0123"),
        "NAME": chance.choice(_NAMES) or f"Шаблон {number}",
        "TEMPLATE": [_root(chance, circles)] if chance.random() < 0.95 else [],
        "PARAMETERS": {"Approver": _parameter("user", f"user_{author}")} if chance.random() < 0.4 else [],
        "VARIABLES": {"Sum": _parameter("double", ""), "Who": _parameter("user", [])} if chance.random() < 0.3 else [],
        "CONSTANTS": {"Boss": _parameter("user", [f"user_{author}", "group_g1"])} if chance.random() < 0.2 else [],
        "MODIFIED": stamps.written(modified),
        "IS_MODIFIED": chance.choice("YN"),
        "USER_ID": str(author),
        "SYSTEM_CODE": chance.choice(["", "", None, f"rest_app_{chance.randint(1, 9)}"]),
    }


def _root(chance: random.Random, circles: Circles) -> Row:
    return _activity(
        "SequentialWorkflowActivity",
        "Template",
        {"Title": "Последовательный бизнес-процесс", "Permission": {"read": [f"user_{circles.somebody(chance)}"]}},
        [_step(chance, circles, place) for place in range(chance.randint(0, 4))],
    )


def _step(chance: random.Random, circles: Circles, place: int) -> Row:
    name = f"A{chance.randint(1000, 99_999)}_{place}"
    user = f"user_{circles.somebody(chance, gone=0.1)}"
    kind = chance.choice(["ApproveActivity", "SetFieldActivity", "IfElseActivity", "SocNetMessageActivity"])
    if kind == "ApproveActivity":
        properties: Row = {"Users": [user, "{=Document:ASSIGNED_BY_ID}"], "Name": "Согласовать?", "ApproveType": "any"}
        inner = [_activity("SequenceActivity", f"{name}_{one}", {}, []) for one in ("yes", "no")]
        return _activity(kind, name, properties, inner)
    if kind == "SetFieldActivity":
        fields = {"STAGE_ID": chance.choice(["C2:WON", "NEW", "DT128_20:NEW"]), "UF_CRM_1600000000": "{=Variable:Sum}"}
        return _activity(kind, name, {"FieldValue": fields, "ModifiedBy": [user]}, [])
    if kind == "IfElseActivity":
        condition: Any = [["OPPORTUNITY", ">", "10000", "0"]]
        branches = [_activity("IfElseBranchActivity", f"{name}_b", {"fieldcondition": condition}, [])]
        return _activity(kind, name, {"Title": "Условие"}, branches)
    text = "Здравствуйте, {=Document:CONTACT_ID}!\r\n[b]{=Template:Name}[/b]"
    return _activity(kind, name, {"MessageText": text, "MessageUserTo": user}, [])


def _activity(kind: str, name: str, properties: Row, children: list[Row]) -> Row:
    return {"Type": kind, "Name": name, "Activated": "Y", "Properties": properties or [], "Children": children}


def _parameter(kind: str, default: Any) -> Row:
    return {
        "Name": "Параметр",
        "Description": "",
        "Type": kind,
        "Required": "0",
        "Multiple": "0",
        "Options": [],
        "Default": default,
    }
