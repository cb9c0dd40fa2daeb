"""Write calls: items one by one in order, each with its own outcome (contract §2)."""

from dataclasses import dataclass, field
from typing import Any

from gateway.database import Database
from gateway.entities import Entity
from gateway.errors import CallError
from gateway.items import Failed, Item
from gateway.store import NotStored, Record, Store, exists, find, savepoint
from gateway.validation import Checker, Invalid, Link, links
from gateway.versions import Version, email_owner, put


@dataclass(slots=True)
class Answer:
    """The four lists; every item is in exactly one. ``ignored`` counts fields the gateway does not know."""

    imported: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[dict[str, Any]] = field(default_factory=list)
    duplicate: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    ignored: int = 0

    def body(self) -> dict[str, Any]:
        """As it is answered."""
        return {
            "imported": self.imported,
            "skipped": self.skipped,
            "duplicate": self.duplicate,
            "failed": self.failed,
        }


@dataclass(frozen=True, slots=True)
class Writer:
    """Applies batches to the store."""

    store: Store
    checker: Checker

    def apply(self, entity: Entity, body: dict[str, Any]) -> Answer:
        """All items in one transaction, each in a savepoint of its own, so none takes another with it.

        Raises CallError MALFORMED when the call has another shape, and the database's own error when nothing can be
        written.
        """
        run_id, items = call_of(body)
        answer = Answer()
        seen: set[str] = set()
        with self.store.transaction() as db:
            for raw in items:
                try:
                    item = Item.parse(entity, raw, seen)
                    with savepoint(db):
                        self._write(db, entity, run_id, item, answer)
                except Failed as failure:
                    answer.failed.append(failure.entry(raw))
                except NotStored:
                    answer.failed.append(Failed("TRANSIENT", None, "it could not be stored now").entry(raw))
        return answer

    def _write(self, db: Database, entity: Entity, run_id: str, item: Item, answer: Answer) -> None:
        try:
            ignored = self.checker.check(entity, item.data)
        except Invalid as invalid:
            raise Failed("VALIDATION", invalid.field, str(invalid)) from None
        current = find(db, entity.name, item.source_id)
        if current is not None and current.key == item.key:
            answer.duplicate.append(_duplicate(current))
        elif current is not None and current.checksum == item.checksum:
            known = {"source_id": item.source_id, "target_id": current.target_id, "reason": "unchanged"}
            answer.skipped.append(known)
        else:
            references = list(links(entity, item.data))
            _check_references(db, references)
            _check_email(db, entity, item)
            version = Version(run_id, item.checksum, item.key, item.data)
            stored = put(db, entity.name, item.source_id, version, current, references)
            answer.imported.append({"source_id": item.source_id, "target_id": stored[0], "action": stored[1]})
        answer.ignored += ignored


def call_of(body: dict[str, Any]) -> tuple[str, list[Any]]:
    """Run id and items of a call that changes something. Raises CallError MALFORMED."""
    run_id, batch_id, items = body.get("run_id"), body.get("batch_id"), body.get("items")
    if not isinstance(items, list) or not all(isinstance(one, str) and one for one in (run_id, batch_id)):
        raise CallError("MALFORMED", "expected run_id, batch_id and a list of items")
    return str(run_id), items


def _check_references(db: Database, references: list[Link]) -> None:
    for link in references:
        if not exists(db, link.entities, link.target_id):
            raise Failed("REFERENCE", link.field, f"{link.path} {link.target_id[:100]} does not exist")


def _check_email(db: Database, entity: Entity, item: Item) -> None:
    if entity.name == "user" and email_owner(db, item.data["email"], item.source_id):
        raise Failed("CONFLICT", "email", "the e-mail belongs to another user")


def _duplicate(current: Record) -> dict[str, Any]:
    return {
        "source_id": current.source_id,
        "target_id": current.target_id,
        "action": current.action,
        "run_id": current.run_id,
        "reason": "key already applied",
    }
