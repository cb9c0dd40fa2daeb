"""What is known of a source before anything is read: how much there is, and what reading it will take."""

from dataclasses import dataclass

from shared.model.json import JsonObject


@dataclass(frozen=True, slots=True)
class EntitySize:
    """One entity. ``count`` is None when only reading tells it; ``note`` says why, or what the count leaves out.

    ``estimated``: the count was extrapolated from a sample. ``calls`` are HTTP calls to read it all; ``reads`` says
    how many pages of records that makes. Both are None when they cannot be told.
    """

    name: str
    count: int | None = None
    note: str | None = None
    estimated: bool = False
    calls: int | None = None
    reads: int | None = None


@dataclass(frozen=True, slots=True)
class MediaSize:
    """Files of the records, extrapolated from a sample; ``note`` says from which, and what is left out."""

    files: int
    bytes: int
    note: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What a source tells of itself without being read.

    ``callers`` are the ways in: ``{"user", "name", "admin", "scopes"}``. ``modules`` are the parts of the source:
    ``{"module", "present", "granted"}``. ``stored_bytes`` is what the raw answers and rows will take, compressed.
    ``least_seconds`` is how long reading takes at best by limits other than the rate of calls.
    """

    entities: tuple[EntitySize, ...]
    callers: tuple[JsonObject, ...] = ()
    modules: tuple[JsonObject, ...] = ()
    media: MediaSize | None = None
    stored_bytes: int | None = None
    least_seconds: float = 0.0
