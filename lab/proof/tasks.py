"""Tasks and their comments (API facts §4.4, §5.6)."""

from collections.abc import Iterator

from lab.proof.bindings import bound
from lab.proof.custom import task_field
from lab.proof.files import File, attached, described, on_the_drive
from lab.proof.record import Record
from lab.proof.sides import Json
from lab.proof.source_text import mentions

_STATUSES = {"2": "pending", "3": "in_progress", "4": "awaiting_review", "5": "completed", "6": "deferred"}
_PRIORITIES = {"0": "low", "1": "normal", "2": "high"}
_PEOPLE = {"creator_id": "createdBy", "responsible_id": "responsibleId"}
_DATES = {
    "deadline": "deadline",
    "start_plan": "startDatePlan",
    "end_plan": "endDatePlan",
    "created_at": "createdDate",
    "changed_at": "changedDate",
    "closed_at": "closedDate",
}
_OPTION = "task_files"


def task(record: Record, row: Json) -> None:
    """``tasks.task.get`` with ``task.checklistitem.getlist``."""
    record.line("title", row["title"])
    record.value("status", _STATUSES[row["status"]])
    record.value("priority", _PRIORITIES[row["priority"]])
    for name, given in _PEOPLE.items():
        record.link(name, "user", row[given], made_up=True)
    record.links("accomplice_ids", "user", row["accomplices"])
    record.links("auditor_ids", "user", row["auditors"])
    record.link("group_id", "group", row["groupId"])
    record.link("parent_id", "task", row["parentId"])
    for name, given in _DATES.items():
        record.instant(name, row[given])
    record.value("tags", list(dict.fromkeys(one["title"] for one in dict(row["tags"] or {}).values())))
    record.objects("checklists", _checklists(row["checklist"]))
    links = list(_bound(record, row["ufCrmTask"] or []))
    record.objects("crm_links", links, links=len(links))
    files = record.media("media_ids", _files(record, row))
    record.rich("description_html", row["description"], files, is_html=row["descriptionInBbcode"] == "N")
    record.custom(lambda code, value: task_field(row, code, value))


def comment(record: Record, row: Json) -> None:
    """``task.commentitem.getlist`` and the messages of the task's chat."""
    record.link("task_id", "task", row["taskId"])
    record.link("author_id", "user", row["authorId"], made_up=True)
    record.instant("created_at", row["date"])
    files: list[File] = []
    if _OPTION in record.proof.asked:
        named = [one.source_id for one in mentions(row["text"]) if one.entity == "attached"]
        files = on_the_drive(record.proof.portal, row["files"], mentioned=named, any_kind=True)
    record.rich("body_html", row["text"], record.media("media_ids", files))


def _files(record: Record, row: Json) -> list[File]:
    if _OPTION not in record.proof.asked:
        return []
    cards = [card for item in row["checklist"] for card in dict(item["ATTACHMENTS"] or {}).values()]
    own = attached(record.proof.portal, row["ufTaskWebdavFiles"] or [], any_kind=True)
    return [*own, *described(record.proof.portal, cards)]


def _bound(record: Record, codes: list[str]) -> Iterator[Json]:
    """Leads are not copied."""
    for code in dict.fromkeys(codes):
        if (one := bound(code)) is not None and (target := record.proof.resolve(*one)) is not None:
            yield {"entity": one[0], "id": target}


def _checklists(rows: list[Json]) -> list[Json]:
    """A row without a parent is a checklist; all below it are its items, each before its own children."""
    below: dict[str, list[Json]] = {}
    for row in sorted(rows, key=lambda one: (int(one["SORT_INDEX"]), int(one["ID"]))):
        below.setdefault(str(row["PARENT_ID"] or ""), []).append(row)

    def items(parent: str) -> Iterator[Json]:
        for row in below.get(parent, []):
            yield {"title": _title(row), "done": row["IS_COMPLETE"] == "Y"}
            yield from items(str(row["ID"]))

    return [{"title": _title(row), "items": list(items(str(row["ID"])))} for row in below.get("", [])]


def _title(row: Json) -> str | None:
    return " ".join(row["TITLE"].split()) or None
