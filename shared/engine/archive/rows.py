"""Rows blobs: one line of JSON per record, ``{"id", "data"}``, and the names of the blobs of a page."""

import hashlib
import re
import uuid
from collections.abc import Sequence

import orjson

from shared.model.json import JsonObject
from shared.model.ledger import PageKey, Stage
from shared.model.records import SourceRecord

_NAME = re.compile(r"rows/([^/]+)/([^/]+)/(\d{5})-(\d{7})-.+\.json")


def blobs_of(key: PageKey, records: Sequence[SourceRecord]) -> tuple[str, str]:
    """Names for one attempt's raw answers and rows: ``run/entity/range-page-firstid-lastid-attempt``.

    A listing already shows gaps.
    """
    span = f"{records[0].id}-{records[-1].id}" if records else "empty"
    attempt = uuid.uuid4().hex[:8]
    place = f"{key.run_id}/{key.entity}/{key.range_no:05d}-{key.seq:07d}-{span}-{attempt}.json"
    return f"raw/{place}", f"rows/{place}"


def page_of(blob: str) -> PageKey | None:
    """The page whose rows a blob of this name holds; None for any other name."""
    named = _NAME.fullmatch(blob)
    return PageKey(named[1], named[2], int(named[3]), Stage.EXTRACT, int(named[4])) if named else None


def ids_digest(records: Sequence[SourceRecord]) -> str:
    """A digest of the records' ids in their order."""
    return hashlib.sha256(orjson.dumps([record.id for record in records])).hexdigest()


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


def dump_raw(answers: Sequence[bytes]) -> bytes:
    """The content of a raw blob: a list of the answers of a page, as they came."""
    return b"[" + b",".join(answers) + b"]"


def load_raw(content: bytes) -> list[bytes]:
    """The answers of a raw blob. Raises ValueError when it is not a list of them."""
    return [orjson.dumps(answer) for answer in orjson.loads(content)]


def _records(lines: Sequence[bytes]) -> list[SourceRecord]:
    return [SourceRecord(row["id"], row["data"]) for row in map(orjson.loads, filter(None, lines))]
