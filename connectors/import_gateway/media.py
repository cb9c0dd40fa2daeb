"""Files into the gateway (contract §3): each streamed out of the media store, never whole in memory."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from connectors.import_gateway.line import Line
from connectors.import_gateway.methods import MEDIA
from connectors.import_gateway.receipts import unexpected
from connectors.import_gateway.refusals import BatchTooLarge, Malformed
from shared.model.errors import Conflict
from shared.model.records import OutgoingItem, Receipt
from shared.ports.stores import MediaStore

_LONGEST = 120.0
"""Seconds for one file: 100 MiB at 7 Mbit/s."""

_TAKEN = {"created": ("imported", "created"), "replaced": ("imported", "updated"), "unchanged": ("skipped", None)}
"""(outcome, action) of a receipt, by what the gateway says it did."""


@dataclass(frozen=True, slots=True)
class MediaWriter:
    """Writes files. ``data`` of an item is ``{"key", "blob", "size", "content_type", "checksum"}``; see the mapping."""

    line: Line
    files: MediaStore
    most: int | None = None
    """Bytes that the gateway takes of one file, when it has told."""

    async def write(self, run_id: str, item: OutgoingItem) -> Receipt:
        """One file. Its key and checksum make a repeat harmless. Errors: see ``ImportGateway``.

        A file that the gateway does not take as it is, or that is not in the store any more, is answered as failed with
        ``TOO_LARGE``, ``VALIDATION`` or ``GONE``; one that is being replaced with ``TRANSIENT``.
        """
        data = item.data
        if self.most is not None and data["size"] > self.most:
            return _failed(item, "TOO_LARGE", f"{data['size']} bytes; the gateway takes {self.most}")
        stored = await self.files.find(data["blob"])
        if stored is None or stored.size != data["size"]:
            return _failed(item, "GONE", "the file is not in the media store as it was fetched")
        headers = {
            "Content-Type": data["content_type"],
            "Content-Length": str(data["size"]),
            "X-Media-Key": data["key"],
            "X-Checksum-Sha256": data["checksum"],
            "X-Run-Id": run_id,
        }
        try:
            answer = await self.line.post(
                MEDIA.method, partial(self.files.read, data["blob"]), headers=headers, longest=_LONGEST
            )
        except BatchTooLarge as error:
            return _failed(item, "TOO_LARGE", error.message)
        except Malformed as error:
            return _failed(item, "VALIDATION", error.message)
        except (KeyError, Conflict):
            return _failed(item, "TRANSIENT", "the file was replaced in the media store meanwhile")
        return _receipt(item, orjson.loads(answer.body))


def _receipt(item: OutgoingItem, answer: Any) -> Receipt:
    match answer:
        case {"media_id": str(media_id), "checksum": str(checksum), "action": str(done)} if media_id and done in _TAKEN:
            if checksum != item.data["checksum"]:
                raise unexpected("another checksum than that of the file that was sent")
            outcome, action = _TAKEN[done]
            return Receipt(item.source_id, outcome, target_id=media_id, action=action)
    raise unexpected("no media_id, checksum and action")


def _failed(item: OutgoingItem, code: str, reason: str) -> Receipt:
    return Receipt(item.source_id, "failed", code=code, reason=reason, retryable=code == "TRANSIENT")
