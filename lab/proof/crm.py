"""Companies, contacts, deals and the items of smart processes, as ``crm.item.list`` has them (API facts §4.7, §4.8)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from lab.proof.custom import CustomFields
from lab.proof.html_text import is_html
from lab.proof.people import phone
from lab.proof.record import NOBODY, Record, day
from lab.proof.sides import Json

_PARENTS = {2: "deal", 3: "contact", 4: "company"}
_PARENT = "parentId"


def company(record: Record, row: Json) -> None:
    """``entityTypeId`` 4."""
    record.line("title", row["title"])
    record.value("company_type", row["typeId"] or None)
    record.value("industry", row["industry"] or None)
    _reached_by(record, row)
    _comments(record, row)
    _kept_by(record, row)


def contact(record: Record, row: Json) -> None:
    """``entityTypeId`` 3."""
    for name, given in (("name", "name"), ("last_name", "lastName"), ("second_name", "secondName")):
        record.line(name, row[given])
    record.line("position", row["post"])
    record.value("type_code", row["typeId"] or None)
    record.link("company_id", "company", row["companyId"])
    record.value("birthday", day(row["birthdate"]))
    _reached_by(record, row)
    _comments(record, row)
    _kept_by(record, row)


def deal(record: Record, row: Json) -> None:
    """``entityTypeId`` 2."""
    record.line("title", row["title"])
    record.code("category_id", row["categoryId"])
    record.value("stage_id", row["stageId"])
    record.value("type_code", row["typeId"] or None)
    _money(record, row)
    record.value("probability", row["probability"])
    record.link("company_id", "company", row["companyId"])
    record.links("contact_ids", "contact", row["contactIds"], ordered=True)
    record.value("begin_date", day(row["begindate"]))
    record.value("close_date", day(row["closedate"]))
    record.value("closed", row["closed"] == "Y")
    record.value("source_code", row["sourceId"] or None)
    _comments(record, row)
    _kept_by(record, row)


def smart_process_item(record: Record, row: Json) -> None:
    """Every other ``entityTypeId``. A feature of the type that is off leaves its fields empty."""
    record.code("entity_type_id", row["entityTypeId"])
    record.line("title", row["title"])
    record.code("category_id", row["categoryId"])
    record.value("stage_id", row["stageId"] or None)
    _money(record, row)
    record.link("company_id", "company", row["companyId"])
    record.links("contact_ids", "contact", row["contactIds"] or [], ordered=True)
    parents = [one for name, value in row.items() if (one := _parent(record, name, value))]
    record.objects("parents", sorted(parents, key=lambda one: int(one["entity_type_id"])), links=len(parents))
    _kept_by(record, row)


def _parent(record: Record, name: str, value: Any) -> Json | None:
    type_id = name.removeprefix(_PARENT)
    if not name.startswith(_PARENT) or not type_id.isdecimal() or value in NOBODY:
        return None
    entity = _PARENTS.get(int(type_id))
    target = record.proof.resolve(*((entity, value) if entity else ("smart_process_item", f"{type_id}:{value}")))
    return {"entity_type_id": type_id, "id": target} if target is not None else None


def _money(record: Record, row: Json) -> None:
    amount = row["opportunity"]
    record.amount("amount", None if amount is None else Decimal(str(amount)))
    record.value("currency", row["currencyId"] or None)


def _reached_by(record: Record, row: Json) -> None:
    spelled: dict[str, Callable[[str], str | None]] = {
        "PHONE": phone,
        "EMAIL": lambda given: given.strip().lower(),
        "WEB": str.strip,
    }
    for name, kind in (("phones", "PHONE"), ("emails", "EMAIL"), ("sites", "WEB")):
        given = [one for one in row["fm"] if one["typeId"] == kind]
        record.objects(name, [{"value": spelled[kind](one["value"]), "type": one["valueType"]} for one in given])


def _comments(record: Record, row: Json) -> None:
    text = row["comments"] or ""
    record.rich("comments_html", text, {}, is_html=is_html(text))


def _kept_by(record: Record, row: Json) -> None:
    record.link("assigned_by_id", "user", row["assignedById"], made_up=True)
    record.link("created_by_id", "user", row["createdBy"], made_up=True)
    record.instant("created_at", row["createdTime"])
    record.instant("updated_at", row["updatedTime"])
    record.custom(CustomFields(record.proof, row).wrong)
