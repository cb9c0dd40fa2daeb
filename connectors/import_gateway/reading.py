"""Reading back (contract §3, §4): records by source id, lists of what is there, counts, and files."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

import orjson

from connectors.import_gateway.line import Line
from connectors.import_gateway.methods import COUNT, LIST, MEDIA, MEDIA_GET, MEDIA_LIST, READ
from connectors.import_gateway.receipts import unexpected
from connectors.import_gateway.refusals import Malformed, classify
from shared.http.client import Answer, TooMuch
from shared.model.errors import PortageError, RecordRejected, RetryLater
from shared.model.json import Json, JsonObject
from shared.model.records import Listed, Listing

_IDS_PER_READ = 100
_MOST_LISTED = 1000
_OK = 200
_GONE = (404, 410)
_LONGEST_FILE = 120.0
"""Seconds for one file, as for writing it."""

_CHECKSUM = "X-Checksum-Sha256"


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What the gateway tells of what it has. Errors: see ``ImportGateway``."""

    line: Line

    async def count(self, entity: str) -> tuple[int, int]:
        """(records made by import, others)."""
        match await self._call(COUNT, {"entity": entity}):
            case {"count": int(ours), "foreign": int(foreign)}:
                return ours, foreign
        raise unexpected("no counts")

    async def read(self, entity: str, source_ids: Sequence[str]) -> dict[str, JsonObject]:
        """``{source_id: {"target_id", "checksum", "data"}}`` for the ids the gateway knows."""
        found: dict[str, JsonObject] = {}
        for start in range(0, len(source_ids), _IDS_PER_READ):
            found |= await self._some(entity, source_ids[start : start + _IDS_PER_READ])
        return found

    async def _some(self, entity: str, ids: Sequence[str]) -> dict[str, JsonObject]:
        """Those of one call; of two, when they are too large for one."""
        try:
            answer = await self._call(READ, {"entity": entity, "source_ids": list(ids)})
        except TooMuch:
            if len(ids) == 1:
                raise
            half = len(ids) // 2
            return await self._some(entity, ids[:half]) | await self._some(entity, ids[half:])
        found: dict[str, JsonObject] = {}
        for item in _items(answer):
            match item:
                case {"source_id": str(source_id), "target_id": str(), "checksum": str(), "data": dict()}:
                    found[source_id] = {name: item[name] for name in ("target_id", "checksum", "data")}
                case _:
                    raise unexpected("an item lacks what it must have")
        if found.keys() - set(ids):
            raise unexpected("a record that was not asked for")
        return found

    async def listing(self, entity: str, after: str) -> Listing:
        """Up to 1,000 records behind ``after``; of files all the contract's list tells, which has no source ids."""
        place = {"after": after, "limit": _MOST_LISTED}
        if entity == MEDIA.entity:
            answer = await self._call(MEDIA_LIST, place)
            items = tuple(map(_file, _items(answer)))
        else:
            answer = await self._call(LIST, {"entity": entity, **place})
            items = tuple(map(_record, _items(answer)))
        following = answer.get("next")
        if following is not None and (not isinstance(following, str) or not items or following == after):
            raise unexpected("a list that does not go on")
        return Listing(items, following)

    async def fetch(self, media_id: str, into: BinaryIO) -> str:
        """A file; answers the checksum in its header. Raises RecordRejected("media.gone") for one that is not there.

        The contract has no word for a file that was listed and is lost: 404 and 410 are taken for one, whatever else
        the answer says but that the method is not offered.
        """
        try:
            answer = await self.line.post(
                MEDIA_GET, orjson.dumps({"media_id": media_id}), _file_comes, longest=_LONGEST_FILE, into=into
            )
        except Malformed as error:
            raise RecordRejected("media.gone", error.message) from error
        return answer.headers.get(_CHECKSUM, "").lower()

    async def _call(self, method: str, body: JsonObject) -> JsonObject:
        answer: Json = orjson.loads((await self.line.post(method, orjson.dumps(body))).body)
        if not isinstance(answer, dict):
            raise unexpected("the answer is not an object")
        return answer


def _items(answer: JsonObject) -> list[Json]:
    items = answer.get("items")
    if not isinstance(items, list):
        raise unexpected("no items")
    return items


def _record(item: Json) -> Listed:
    match item:
        case {"source_id": str() | None as source_id, "target_id": str(target_id), "checksum": str(checksum)}:
            return Listed(target_id, source_id, checksum, foreign=source_id is None)
    raise unexpected("a listed record lacks what it must have")


def _file(item: Json) -> Listed:
    match item:
        case {"media_id": str(media_id), "key": str(), "checksum": str(checksum)}:
            return Listed(media_id, None, checksum)
    raise unexpected("a listed file lacks what it must have")


def _file_comes(answer: Answer) -> PortageError | None:
    """The body of a good answer is the file, not JSON."""
    if answer.status == _OK:
        return None
    error = classify(answer)
    if answer.status in _GONE and isinstance(error, RetryLater):
        return Malformed("target.refused", f"HTTP {answer.status}")
    return error
