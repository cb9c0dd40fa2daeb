"""Proof that a portal arrived: both sides are read and compared by code that shares nothing with Portage.

The statement of what becomes what is written down here a second time, on purpose: an error in the plan's mappings
would not be seen by reading it through the same mappings.
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from lab.system import System

Json = dict[str, Any]
Field = Callable[[Json], Any]
_PAGE = 1_000
_READ = 100
_ROLES = {"A": "owner", "E": "moderator", "K": "member"}
_USER_TYPES = {"employee": "employee", "extranet": "extranet", "email": "extranet"}


@dataclass(slots=True)
class Compared:
    """What the comparison of one entity found. ``differences`` are sentences; none means that all of it arrived."""

    name: str
    expected: int
    arrived: int
    values: int = 0
    links: int = 0
    differences: list[str] = field(default_factory=list)

    def as_json(self) -> Json:
        """For a report."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Statement:
    """What a portal row must look like in the gateway: plain values, links to one record, links to several."""

    values: dict[str, Field]
    link: dict[str, tuple[str, Field]]
    links: dict[str, tuple[str, Field]] = field(default_factory=dict)


def _text(name: str) -> Field:
    return lambda row: (row.get(name) or "").strip() or None


def _line(name: str) -> Field:
    return lambda row: " ".join((row.get(name) or "").split()) or None


def _yes(name: str) -> Field:
    return lambda row: row.get(name) in (True, "Y")


def _instant(name: str) -> Field:
    def read(row: Json) -> str | None:
        given = row.get(name)
        if not given:
            return None
        return datetime.fromisoformat(given).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    return read


def _phone(name: str) -> Field:
    def read(row: Json) -> str | None:
        number = (row.get(name) or "").strip()
        digits = "".join(re.findall(r"\d", number))
        if re.search(r"[^\d\s+()./\u00a0\u2010-\u2015-]", number) or len(digits) < len("12345"):
            return number or None
        return ("+" if number.startswith("+") else "") + digits

    return read


def _email(row: Json) -> str:
    return (row.get("EMAIL") or "").strip().lower() or f"u{row['ID']}@portage.invalid"


def _description(row: Json) -> str | None:
    plain = (row.get("DESCRIPTION") or "").strip()
    return html.escape(plain, quote=False).replace("\r\n", "\n").replace("\n", "<br>") or None


_STATEMENTS: dict[str, _Statement] = {
    "department": _Statement(
        values={"name": _line("NAME"), "sort": lambda row: int(row["SORT"])},
        link={
            "parent_id": ("department", lambda row: row.get("PARENT")),
            "head_user_id": ("user", lambda row: row.get("UF_HEAD")),
        },
    ),
    "user": _Statement(
        values={
            "email": _email,
            "name": _text("NAME"),
            "last_name": _text("LAST_NAME"),
            "second_name": _text("SECOND_NAME"),
            "active": _yes("ACTIVE"),
            "position": _line("WORK_POSITION"),
            "work_phone": _phone("WORK_PHONE"),
            "mobile_phone": _phone("PERSONAL_MOBILE"),
            "birthday": lambda row: (row.get("PERSONAL_BIRTHDAY") or "")[:10] or None,
            "user_type": lambda row: _USER_TYPES[row["USER_TYPE"]],
            "registered_at": _instant("DATE_REGISTER"),
        },
        link={},
        links={"department_ids": ("department", lambda row: row.get("UF_DEPARTMENT") or [])},
    ),
    "group": _Statement(
        values={
            "name": _line("NAME"),
            "description_html": _description,
            "is_project": _yes("PROJECT"),
            "visible": _yes("VISIBLE"),
            "opened": _yes("OPENED"),
            "closed": _yes("CLOSED"),
            "created_at": _instant("DATE_CREATE"),
            "updated_at": _instant("DATE_UPDATE"),
        },
        link={"owner_id": ("user", lambda row: row["OWNER_ID"])},
    ),
}
ENTITIES = tuple(_STATEMENTS)


def compare(system: System) -> list[Compared]:
    """Compare every entity. Target ids are translated back to source ids before links are compared."""
    truth = {name: {str(row["ID"]): row for row in system.truth(name)} for name in ENTITIES}
    targets = {name: _listing(system, name) for name in ENTITIES}
    sources = {name: {target: source for source, target in listing.items()} for name, listing in targets.items()}
    results = []
    for name in ENTITIES:
        result = Compared(name, len(truth[name]), len(targets[name]))
        result.differences += [f"{one} did not arrive" for one in sorted(truth[name].keys() - targets[name].keys())]
        result.differences += [
            f"{one} is not in the portal" for one in sorted(targets[name].keys() - truth[name].keys())
        ]
        for source_id, target_id, data in _records(system, name, sorted(truth[name].keys() & targets[name].keys())):
            if targets[name][source_id] != target_id:
                result.differences.append(f"{source_id} has two target ids")
            _compare_record(result, truth[name][source_id], data, sources)
        results.append(result)
    return results


def _compare_record(result: Compared, row: Json, data: Json, sources: dict[str, dict[str, str]]) -> None:
    statement = _STATEMENTS[result.name]
    who = row["ID"]
    for name, expected in statement.values.items():
        result.values += 1
        if data.get(name) != expected(row):
            result.differences.append(f"{who}.{name}: expected {expected(row)!r}, found {data.get(name)!r}")
    for name, (entity, expected) in statement.link.items():
        _compare_links(result, f"{who}.{name}", [data.get(name)], [expected(row)], sources[entity])
    for name, (entity, expected) in statement.links.items():
        _compare_links(result, f"{who}.{name}", data.get(name) or [], expected(row), sources[entity])
    if "members" in row:
        _compare_members(result, row, data.get("members") or [], sources["user"])


def _compare_links(result: Compared, where: str, found: list[Any], expected: list[Any], known: dict[str, str]) -> None:
    wanted = [str(one) for one in expected if one and str(one) in known.values()]
    got = [known.get(one, f"nobody ({one})") for one in found if one is not None]
    result.links += len(wanted)
    if got != wanted:
        result.differences.append(f"{where}: expected {wanted}, found {got}")


def _compare_members(result: Compared, row: Json, found: list[Json], users: dict[str, str]) -> None:
    arrived = set(users.values())
    wanted = {str(one["USER_ID"]): _ROLES[one["ROLE"]] for one in row["members"] if str(one["USER_ID"]) in arrived}
    got = {users.get(one["user_id"], f"nobody ({one['user_id']})"): one["role"] for one in found}
    result.links += len(wanted)
    if got != wanted or len(found) != len(wanted):
        wrong = sorted(dict(wanted.items() ^ got.items()))
        result.differences.append(f"{row['ID']}.members: differ in {wrong[:5]}")


def _listing(system: System, entity: str) -> dict[str, str]:
    """``{source_id: target_id}`` of everything in the gateway that an import made."""
    found: dict[str, str] = {}
    after = ""
    while True:
        page = system.gateway("import.list", {"entity": entity, "after": after, "limit": _PAGE})
        for one in page["items"]:
            if one["source_id"] is not None:
                found[one["source_id"]] = one["target_id"]
        if not page["next"]:
            return found
        after = page["next"]


def _records(system: System, entity: str, source_ids: list[str]) -> Iterator[tuple[str, str, Json]]:
    """(source id, target id, data) of each record, as the gateway reads it back."""
    for start in range(0, len(source_ids), _READ):
        answer = system.gateway("import.read", {"entity": entity, "source_ids": source_ids[start : start + _READ]})
        for one in answer["items"]:
            yield one["source_id"], one["target_id"], one["data"]
