"""What a proof found, record by record, as it is kept in blobs and told to callers."""

import hashlib
from dataclasses import asdict, dataclass

import orjson

from shared.model.json import Json, JsonObject

KINDS = ("missing", "differs", "unreadable", "orphan", "extra", "foreign", "unopened")
"""``missing`` at the target, ``differs`` from what it should be, ``unreadable``: a file that the target lists and does
not hand out though it answers otherwise, ``orphan``: links to what is not there, ``extra``: at the target and not at
the source, ``foreign``: at the target and not made by import, ``unopened``: a picture that is as the source has it, and
cannot be shown."""

_SHORT = 24
_TELLING = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be. ``source_id`` is None for foreign records and for files of nobody.

    ``expected`` and ``found`` are values as ``shown`` shows them, of the ``field`` that differs.
    """

    kind: str
    source_id: str | None
    target_id: str | None
    message: str
    field: str | None = None
    expected: str | None = None
    found: str | None = None

    def document(self) -> JsonObject:
        """As JSON."""
        return asdict(self)

    @staticmethod
    def of(document: JsonObject) -> "Finding":
        """The inverse of ``document``."""
        return Finding(**document)


def shown(value: Json) -> str | None:
    """A value that says enough to tell two apart and too little to tell what a person wrote.

    Numbers, flags and short plain codes, ids and instants are shown; of other texts the first two characters, how long
    they are, and a digest. None for nothing.
    """
    if value is None:
        return None
    if isinstance(value, bool | int | float):
        return str(value).lower()
    text = value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    if isinstance(value, str) and len(text) <= _SHORT and _is_code(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    if isinstance(value, str):
        return f"{text[:_TELLING]}… ({len(text)} characters, {digest})"
    return f"{_size(value)} ({digest})"


def _is_code(text: str) -> bool:
    """Ids, codes, dates, instants and amounts: one word with a digit in it, or in capitals, and no address."""
    plain = text.isascii() and not set(text) & set(" @/<>")
    return plain and (text.isupper() or text[:1].isdigit() or (text[-1:].isdigit() and "-" not in text))


def _size(value: Json) -> str:
    return f"{len(value)} {'entries' if isinstance(value, list) else 'fields'}"
