"""Departments, users and groups (API facts §4.1, §4.2)."""

import html
import re

from lab.proof.record import Record, day
from lab.proof.sides import Json

_ROLES = {"A": "owner", "E": "moderator", "K": "member"}
_USER_TYPES = {"employee": "employee", "extranet": "extranet", "email": "extranet"}
_SPELLED = re.compile(r"[^\d\s+()./\u00a0\u2010-\u2015-]")
_SHORTEST = 5


def department(record: Record, row: Json) -> None:
    """``department.get``."""
    record.value("name", " ".join((row["NAME"] or "").split()) or None)
    record.value("sort", int(row["SORT"]))
    record.link("parent_id", "department", row.get("PARENT"))
    record.link("head_user_id", "user", row.get("UF_HEAD"))


def user(record: Record, row: Json) -> None:
    """``user.get``."""
    email = (row.get("EMAIL") or "").strip().lower()
    record.value("email", email or no_address(row["ID"]))
    for name, given in (("name", "NAME"), ("last_name", "LAST_NAME"), ("second_name", "SECOND_NAME")):
        record.value(name, (row.get(given) or "").strip() or None)
    record.value("active", row["ACTIVE"] is True)
    record.value("position", " ".join((row.get("WORK_POSITION") or "").split()) or None)
    record.value("work_phone", phone(row.get("WORK_PHONE")))
    record.value("mobile_phone", phone(row.get("PERSONAL_MOBILE")))
    record.value("birthday", day(row.get("PERSONAL_BIRTHDAY")))
    record.value("user_type", _USER_TYPES[row["USER_TYPE"]])
    record.instant("registered_at", row.get("DATE_REGISTER"))
    record.links("department_ids", "department", row.get("UF_DEPARTMENT") or [])
    record.picture("photo_media_id", row.get("PERSONAL_PHOTO"))


def placeholder(record: Record) -> None:
    """Somebody whom records name, and whom the portal does not know any more."""
    record.value("email", no_address(record.who))
    record.value("active", expected=False)
    record.value("user_type", "placeholder")


def group(record: Record, row: Json) -> None:
    """``sonet_group.get`` with the members of ``sonet_group.user.get``."""
    record.value("name", " ".join((row["NAME"] or "").split()) or None)
    record.value("description_html", _description(row.get("DESCRIPTION")))
    record.link("owner_id", "user", row["OWNER_ID"], made_up=True)
    for name in ("visible", "opened", "closed"):
        record.value(name, row[name.upper()] == "Y")
    record.value("is_project", row["PROJECT"] == "Y")
    record.instant("created_at", row["DATE_CREATE"])
    record.instant("updated_at", row["DATE_UPDATE"])
    record.picture("image_media_id", row.get("IMAGE"))
    members = [
        {"user_id": target, "role": _ROLES[one["ROLE"]]}
        for one in row["members"]
        if (target := record.proof.resolve("user", one["USER_ID"])) is not None
    ]
    record.objects("members", members, links=len(members))


def no_address(source_id: str) -> str:
    """The address of somebody who has none (contract §5)."""
    return f"u{source_id}@portage.invalid"


def phone(given: str | None) -> str | None:
    """Digits, with a plus if it had one; a number with anything else in it stays as it is."""
    number = (given or "").strip()
    digits = "".join(re.findall(r"\d", number))
    if _SPELLED.search(number) or len(digits) < _SHORTEST:
        return number or None
    return ("+" if number.startswith("+") else "") + digits


def _description(given: str | None) -> str | None:
    plain = (given or "").strip()
    return html.escape(plain, quote=False).replace("\r\n", "\n").replace("\n", "<br>") or None
