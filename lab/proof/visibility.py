"""What a run can see through its webhooks, by the portal's rules (API facts §1.2, §4.3, §4.5).

Somebody sees the chats that he takes part in, and those of CRM records that an administrator may read; and the posts
that he wrote or that went to him, to everybody, to a group or a department of his. Private ones are read only when the
run asks for them.
"""

from collections.abc import Iterable, Mapping

from lab.proof.sides import Json, Portal

_BOUND = {"DEAL": "deal", "CONTACT": "contact", "COMPANY": "company"}


def bound_record(row: Json) -> tuple[str, str] | None:
    """(entity, source id) of the record that a chat belongs to; None for none, and for what is not copied."""
    kind, _, number = str(row["entity_id"]).partition("|")
    match row["entity_type"]:
        case "TASKS_TASK":
            return "task", str(row["entity_id"])
        case "SONET_GROUP":
            return "group", str(row["entity_id"])
        case "CRM" if kind.startswith("DYNAMIC_"):
            return "smart_process_item", f"{kind.removeprefix('DYNAMIC_')}:{number}"
        case "CRM" if kind in _BOUND:
            return _BOUND[kind], number
    return None


def visible_chats(portal: Portal, asked: frozenset[str]) -> dict[str, Json]:
    """Chats that a run must bring."""
    users = {int(one) for one in portal.webhook_users}
    found = {}
    for number, row in portal.rows("chat").items():
        private = row["type"] == "private"
        mine = not users.isdisjoint(row["members"])
        record = bound_record(row) if row["entity_type"] == "CRM" else None
        of_record = record is not None and record[1] in portal.rows(record[0])
        if (mine and (not private or "private_chats" in asked)) or of_record:
            found[number] = row
    return found


def visible_posts(portal: Portal, asked: frozenset[str]) -> dict[str, Json]:
    """Posts that a run must bring."""
    rights = {user: _rights(portal, user) for user in portal.webhook_users}
    found = {}
    for number, row in portal.rows("feed_post").items():
        seen_by = {
            user for user, mine in rights.items() if row["AUTHOR_ID"] == user or not mine.isdisjoint(row["audience"])
        }
        if seen_by and ("private_posts" in asked or not _is_private(portal, row, seen_by)):
            found[number] = row
    return found


def known_audience(portal: Portal, row: Json) -> list[str]:
    """The rights of a post that lead to records of the portal: only those can be asked for."""
    entities = {"SG": "group", "DR": "department", "U": "user"}
    known = []
    for right in row["audience"]:
        kind = right.rstrip("0123456789")
        if right == "UA" or right[len(kind) :] in portal.rows(entities[kind]):
            known.append(right)
    return known


def _is_private(portal: Portal, row: Json, seen_by: set[str]) -> bool:
    """It went to single users; or to nobody that is known, and nobody but its author sees it."""
    known = known_audience(portal, row)
    if not known:
        return seen_by <= {row["AUTHOR_ID"]}
    return all(right[1:].isdecimal() and right.startswith("U") for right in known)


def _rights(portal: Portal, user: str) -> set[str]:
    rights = {f"U{user}"}
    row = portal.rows("user").get(user)
    if row is None:
        return rights
    if row["USER_TYPE"] == "employee":
        rights.add("UA")
    for number, group in portal.rows("group").items():
        if any(str(one["USER_ID"]) == user for one in group["members"]):
            rights.add(f"SG{number}")
    return rights | {f"DR{one}" for one in _with_parents(portal.rows("department"), row.get("UF_DEPARTMENT") or [])}


def _with_parents(departments: Mapping[str, Json], numbers: Iterable[int]) -> set[str]:
    found: set[str] = set()
    waiting = [str(one) for one in numbers]
    while waiting:
        one = waiting.pop()
        if one not in found and one in departments:
            found.add(one)
            waiting.append(str(departments[one].get("PARENT") or ""))
    return found
