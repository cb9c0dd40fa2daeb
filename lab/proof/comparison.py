"""The whole comparison, entity by entity."""

from collections import Counter
from collections.abc import Callable, Mapping

from lab.proof import chats, crm, feed, people, tasks, workflows
from lab.proof.findings import Compared
from lab.proof.media import compare_media
from lab.proof.record import Proof, Record
from lab.proof.sides import Json, Portal, Sides, Target
from lab.proof.visibility import visible_chats, visible_posts

_Statement = Callable[[Record, Json], None]

_STATEMENTS: Mapping[str, _Statement] = {
    "department": people.department,
    "user": people.user,
    "group": people.group,
    "chat": chats.chat,
    "chat_message": chats.message,
    "feed_post": feed.post,
    "feed_comment": feed.comment,
    "task": tasks.task,
    "task_comment": tasks.comment,
    "company": crm.company,
    "contact": crm.contact,
    "deal": crm.deal,
    "smart_process_item": crm.smart_process_item,
    "workflow_template": workflows.template,
}

ENTITIES = tuple(_STATEMENTS)
"""Entities of the import contract, in the order in which they come into the target."""

_MEDIA = "media_file"
_INVISIBLE = "left out by visibility"


def compare(
    sides: Sides, asked: frozenset[str] = frozenset(), custom: Mapping[str, frozenset[str]] | None = None
) -> list[Compared]:
    """Compare every entity of which either side has a record, and the media they show.

    ``asked`` names the run's options that were on (``private_chats``, ``private_posts``, ``task_files``). Target ids
    are translated through the gateway's own list. ``custom`` are codes of custom fields that must have travelled, by
    entity. Users are done with last: who is made up must be named by somebody.
    """
    written = sides.written()
    proof = Proof(Portal(sides), Target(sides), asked, moves_media=_MEDIA in written)
    custom = custom or {}
    results = {name: _entity(proof, name, custom.get(name, frozenset())) for name in ENTITIES if name in written}
    _placeholders(proof, results["user"])
    skipped = {
        name: Compared(name, len(proof.portal.rows(name)), 0, remark="is read and kept, and not written to the target")
        for name in ENTITIES
        if name not in written
    }
    found = [{**results, **skipped}[name] for name in ENTITIES]
    return [one for one in (*found, compare_media(proof, sides)) if one.expected or one.arrived or one.differences]


def _entity(proof: Proof, name: str, custom: frozenset[str]) -> Compared:
    result = Compared(name, 0, 0)
    rows = _visible(proof, name, result)
    arrived = proof.target.ids(name)
    for one, count in proof.target.doubled(name).items():
        result.differences.append(f"{one} is there {count} times")
    both = result.ids(rows, arrived.keys() - _made_up(proof, name))
    read = Counter[str]()
    records = list(proof.target.records(name, both))
    travelling = custom.union(code for _, _, data in records for code in data.get("custom") or {})
    for source_id, target_id, data in records:
        read[source_id] += 1
        if arrived[source_id] != target_id:
            result.differences.append(f"{source_id} has two target ids")
        record = Record(proof, result, source_id, data, travelling)
        _STATEMENTS[name](record, rows[source_id])
        record.end()
    result.differences += [f"{one} cannot be read back" for one in sorted(both - read.keys())]
    return result


def _visible(proof: Proof, name: str, result: Compared) -> dict[str, Json]:
    """The rows that a run must bring; those that it cannot see are counted."""
    portal = proof.portal
    rows = portal.rows(name)
    match name:
        case "chat":
            seen = visible_chats(portal, proof.asked)
        case "chat_message":
            chat_ids = visible_chats(portal, proof.asked).keys()
            seen = {number: row for number, row in rows.items() if str(row["chat_id"]) in chat_ids}
        case "feed_post":
            seen = visible_posts(portal, proof.asked)
        case "feed_comment":
            seen = _comments(proof, result)
        case _:
            return rows
    result.count(_INVISIBLE, len(rows) - len(seen) - sum(result.counted.values()))
    return seen


def _comments(proof: Proof, result: Compared) -> dict[str, Json]:
    """Comments are asked for by author: those of authors who are gone, and wrote no post, cannot be found."""
    posts = visible_posts(proof.portal, proof.asked)
    authors = proof.portal.rows("user").keys() | {row["AUTHOR_ID"] for row in posts.values()}
    of_posts = {number: row for number, row in proof.portal.rows("feed_comment").items() if row["post_id"] in posts}
    seen = {number: row for number, row in of_posts.items() if row["author_id"] in authors}
    result.count("left out, the author being gone", len(of_posts) - len(seen))
    return seen


def _made_up(proof: Proof, name: str) -> set[str]:
    """Users of the target that the portal does not have."""
    return proof.target.ids(name).keys() - proof.portal.rows(name).keys() if name == "user" else set()


def _placeholders(proof: Proof, result: Compared) -> None:
    made_up = _made_up(proof, "user")
    result.count("placeholders", len(made_up))
    for source_id, _, data in proof.target.records("user", made_up):
        if source_id not in proof.named:
            result.differences.append(f"{source_id} should not be there: nobody names this user")
        record = Record(proof, result, source_id, data)
        people.placeholder(record)
