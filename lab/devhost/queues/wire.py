"""Queue messages on the wire: encoding, typed trigger data, and output values."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime

from azure.functions import meta
from azure.storage.queue import QueueMessage

MAX_WIRE_BYTES = 64 * 1024


class UndecodableMessageError(ValueError):
    """The message is not what `messageEncoding` says."""


def encode_body(body: bytes, *, base64_encoding: bool) -> str:
    """Text to put on the queue; raises `ValueError` when it exceeds 64 KiB on the wire."""
    text = base64.b64encode(body).decode("ascii") if base64_encoding else body.decode("utf-8")
    size = len(text.encode("utf-8"))
    if size > MAX_WIRE_BYTES:
        raise ValueError(f"a queue message may have 65536 bytes on the wire, this one has {size}")
    return text


def decode_body(text: str, *, base64_encoding: bool) -> bytes:
    """Raw bytes of a message; raises `UndecodableMessageError`."""
    if not base64_encoding:
        return text.encode("utf-8")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UndecodableMessageError("the message is not base64, but messageEncoding says so") from error


def trigger_data(body: bytes) -> meta.Datum:
    """Text when the body is UTF-8, else bytes."""
    try:
        return meta.Datum(type="string", value=body.decode("utf-8"))
    except UnicodeDecodeError:
        return meta.Datum(type="bytes", value=body)


def trigger_metadata(message: QueueMessage) -> dict[str, meta.Datum]:
    """The fields that `QueueMessage` reads."""
    fields: dict[str, str | int | None] = {
        "Id": message.id,
        "DequeueCount": message.dequeue_count,
        "InsertionTime": _stamp(message.inserted_on),
        "ExpirationTime": _stamp(message.expires_on),
        "NextVisibleTime": _stamp(message.next_visible_on),
        "PopReceipt": message.pop_receipt,
    }
    return {
        name: meta.Datum(type="int" if isinstance(value, int) else "string", value=value)
        for name, value in fields.items()
        if value is not None
    }


def output_bodies(datum: meta.Datum) -> list[bytes]:
    """The messages that an output value stands for: one, or one per item of a list."""
    if datum.type == "bytes":
        return [datum.value]
    if datum.type == "string":
        return [datum.value.encode("utf-8")]
    value = json.loads(datum.value)
    return [_item_body(item) for item in value] if isinstance(value, list) else [_item_body(value)]


def _item_body(item: object) -> bytes:
    if isinstance(item, dict) and "body" in item:
        return str(item["body"]).encode("utf-8")
    return item.encode("utf-8") if isinstance(item, str) else json.dumps(item).encode("utf-8")


def _stamp(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00") if moment else None
