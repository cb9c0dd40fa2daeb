"""Rows blobs: one line of JSON per record, ``{"id", "data"}``."""

from collections.abc import Sequence

import orjson

from shared.model.json import JsonObject
from shared.model.records import SourceRecord


def dump_rows(records: Sequence[SourceRecord]) -> bytes:
    """The content of a rows blob."""
    return b"\n".join(orjson.dumps({"id": record.id, "data": record.data}) for record in records)


def load_rows(content: bytes) -> list[SourceRecord]:
    """All records of a rows blob."""
    return _records(content.split(b"\n"))


def load_slice(content: bytes, cursor: JsonObject) -> list[SourceRecord]:
    """The records that a slice covers: ``count`` of them from line ``start`` on."""
    start, count = int(cursor["start"]), int(cursor["count"])
    return _records(content.split(b"\n")[start : start + count])


def _records(lines: Sequence[bytes]) -> list[SourceRecord]:
    return [SourceRecord(row["id"], row["data"]) for row in map(orjson.loads, filter(None, lines))]
