"""Who became whom: rows of the id map and the blocks they live in."""

import re
from dataclasses import dataclass
from datetime import datetime

BLOCK = 1000
"""Source ids per partition; see the ADR on the blocked id map."""

BAND = 100_000
"""Own ids per partition of records that lie by their parents, so that no parent makes a partition without an end."""

MADE_UP = "placeholder"
"""How ``page`` begins for a record that is made up; the slice that made it up follows."""

_PARTS = re.compile(r"(.*?)(\d{1,18})((?:-(?:n?\d{1,18}|[a-z]{1,16}))?)", re.DOTALL)
"""What stands before the number of a source id, the number, and the name of a part of that record."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What the content behind a checksum was made of: a digest, and the records it refers to.

    Those are written ``department:9``, or ``chat_message@15:77`` where they lie within a parent.
    """

    digest: str
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IdMapEntry:
    """One row: the target id of a source record, and the checksum of what was last written there.

    ``origin`` tells whether that content would be the same today; without one it has to be made to be known. ``within``
    is the source id of the parent by which the record lies in the map, None where it lies by its own. ``altered``: when
    last looked at, the target had something else than was written there.
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
    within: str | None = None
    altered: bool = False

    @property
    def made_up(self) -> bool:
        """Whether it stands for a record that the source has no more."""
        return self.page.startswith(MADE_UP)


def _split(source_id: str) -> tuple[str, int, str] | None:
    match = _PARTS.fullmatch(source_id)
    return (match[1], int(match[2]), match[3]) if match else None


def block_of(source_id: str, within: str | None = None) -> str:
    """The block of a source id: ``17`` → ``0``, ``4217`` → ``4``, ``f4217`` → ``f4``, ``128:4217`` → ``128:4``.

    Parts of a record are together with those of its neighbours: ``feed_post-4217-505`` → ``feed_post-4``. What lies
    within a parent is with all that lies within the parent's neighbours: ``723456`` within ``4217`` → ``4.7``.
    """
    parts = _split(source_id)
    if within is not None:
        return f"{block_of(within)}.{0 if parts is None else parts[1] // BAND}"
    return f"{source_id}0" if parts is None else f"{parts[0]}{parts[1] // BLOCK}"


def row_key(source_id: str, within: str | None = None) -> str:
    """Sorts ids of a block by the number of the parent, then by their own: numbers are padded to 12 digits.

    Different ids have different keys: one that holds zeros of its own (``007``) carries itself along.
    """
    if within is not None:
        return f"{row_key(within).replace('~', '~~').replace('.', '~-')}.{row_key(source_id)}"
    parts = _split(source_id)
    if parts is None:
        return source_id
    prefix, number, part = parts
    padded = f"{prefix}{number:012d}{part}"
    return padded if f"{prefix}{number}{part}" == source_id else f"{padded}~{source_id}"
