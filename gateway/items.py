"""One item of a write call: its shape, its key, its checksum, in the contract's order (§1, §2)."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import rfc8785

from gateway.entities import KEY_BASES, Entity

_SHAPE = {"source_id": str, "idempotency_key": str, "checksum": str, "data": dict}
_CHECKSUM = re.compile(r"[0-9a-f]{64}")
_LONGEST_ID = 255
_DEEPEST = 100


class Failed(Exception):
    """An item is refused; the others of the call go on."""

    def __init__(self, code: str, field: str | None, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.field = field

    def entry(self, raw: Any) -> dict[str, Any]:
        """What the list ``failed`` says of the item ``raw``."""
        return {
            "source_id": source_id_of(raw),
            "code": self.code,
            "field": self.field,
            "reason": str(self),
            "retryable": self.code == "TRANSIENT",
        }


@dataclass(frozen=True, slots=True)
class Item:
    """A version of a record as the client sends it."""

    source_id: str
    key: str
    checksum: str
    data: dict[str, Any]

    @staticmethod
    def parse(entity: Entity, raw: Any, seen: set[str]) -> "Item":
        """Raises Failed. ``seen`` are the source ids of the items before; this one's is added."""
        if not isinstance(raw, dict):
            raise Failed("VALIDATION", None, "an item must be an object")
        source_id = source_id_of(raw)
        if source_id is None:
            raise Failed(
                "VALIDATION", "source_id", f"source_id must be printable text of 1 to {_LONGEST_ID} characters"
            )
        if source_id in seen:
            raise Failed("VALIDATION", "source_id", "the same source_id twice in a call")
        seen.add(source_id)
        for name, kind in _SHAPE.items():
            if not isinstance(raw.get(name), kind):
                raise Failed("VALIDATION", name, f"{name} is missing or of another type")
        if not _CHECKSUM.fullmatch(raw["checksum"]):
            raise Failed("VALIDATION", "checksum", "the checksum must be 64 hexadecimal digits in lower case")
        item = Item(source_id, raw["idempotency_key"], raw["checksum"], raw["data"])
        item.check_key(entity)
        if checksum(item.data) != item.checksum:
            raise Failed("VALIDATION", "checksum", "the checksum is not that of the data")
        return item

    def check_key(self, entity: Entity) -> None:
        """The key is the basis, a colon and the checksum. Raises Failed.

        A basis may be spelled otherwise than the contract does, but not as that of another record.
        """
        basis = self.key.removesuffix(f":{self.checksum}")
        if basis in (self.key, ""):
            raise Failed("VALIDATION", "idempotency_key", "the key must be a basis, a colon and the checksum")
        if basis != f"{entity.key}:{self.source_id}" and basis.startswith(KEY_BASES):
            raise Failed("VALIDATION", "idempotency_key", "the key is that of another record")


def source_id_of(raw: Any) -> str | None:
    """The source id of an item, None when it has none that could be one."""
    value = raw.get("source_id") if isinstance(raw, dict) else None
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isprintable() else None


def checksum(data: dict[str, Any]) -> str:
    """SHA-256 over the RFC 8785 form, in hexadecimal; empty for data that has no such form or nests too deep."""
    try:
        return "" if _too_deep(data) else hashlib.sha256(rfc8785.dumps(data)).hexdigest()
    except rfc8785.CanonicalizationError:
        return ""


def _too_deep(data: dict[str, Any]) -> bool:
    level: list[Any] = [data]
    for _ in range(_DEEPEST):
        level = [child for one in level for child in (one.values() if isinstance(one, dict) else one)]
        level = [child for child in level if isinstance(child, dict | list)]
        if not level:
            return False
    return True
