"""Who became whom: rows of the id map and the blocks they live in."""

import re
from dataclasses import dataclass
from datetime import datetime

BLOCK = 1000
"""Source ids per partition; see the ADR on the blocked id map."""

_TAIL = re.compile(r"^(.*?)(\d{1,18})$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Origin:
    """What the content behind a checksum was made of: a digest, and the records it refers to (``department:9``)."""

    digest: str
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IdMapEntry:
    """One row: the target id of a source record, and the checksum of what was last written there.

    ``origin`` tells whether that content would be the same today; without one it has to be made to be known.
    """

    entity: str
    source_id: str
    target_id: str
    checksum: str
    imported_at: datetime
    run_id: str
    action: str
    page: str
    origin: Origin | None = None


def _split(source_id: str) -> tuple[str, int]:
    match = _TAIL.match(source_id)
    return (match.group(1), int(match.group(2))) if match else (source_id, 0)


def block_of(source_id: str) -> str:
    """The block of a source id: ``17`` → ``0``, ``4217`` → ``4``, ``f4217`` → ``f4``, ``128:4217`` → ``128:4``."""
    prefix, number = _split(source_id)
    return f"{prefix}{number // BLOCK}"


def row_key(source_id: str) -> str:
    """Sorts ids of a block by number: the number at the end is padded to 12 digits.

    Different ids have different keys: one that holds zeros of its own (``007``) carries itself along.
    """
    prefix, number = _split(source_id)
    if prefix == source_id:
        return source_id
    padded = f"{prefix}{number:012d}"
    return padded if f"{prefix}{number}" == source_id else f"{padded}~{source_id}"
