"""The bodies of calls: how much is read, and what counts as JSON."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from gateway.errors import CallError

_DRAINED_BYTES = 64 * 1024 * 1024
_DRAINED_SECONDS = 5.0


async def chunks(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body as it comes. Raises CallError BATCH_TOO_LARGE at once when it is announced to be longer than ``most``
    bytes or turns out to be, and MALFORMED when it breaks off.
    """
    announced = request.headers.get("content-length", "")
    size = int(announced) if announced.isdecimal() else 0
    if size <= most:
        size = 0
        try:
            async for chunk in request.stream():
                size += len(chunk)
                if size > most:
                    break
                yield chunk
        except ClientDisconnect:
            raise CallError("MALFORMED", "the body broke off") from None
    if size > most:
        raise CallError("BATCH_TOO_LARGE", f"a body may have {most} bytes")


async def read_object(request: Request, most: int) -> dict[str, Any]:
    """The JSON object that is the body; an empty body is an empty object. Raises CallError."""
    content = bytearray()
    async for chunk in chunks(request, most):
        content += chunk
    return await asyncio.to_thread(_parse, bytes(content))


async def drain(request: Request) -> None:
    """Take in, and forget, the rest of the body of a refused call: most clients read the answer only after sending."""
    if "expect" in request.headers:
        return  # the client waits for leave to send
    taken = 0
    with suppress(ClientDisconnect, TimeoutError, RuntimeError):
        async with asyncio.timeout(_DRAINED_SECONDS):
            async for chunk in request.stream():
                taken += len(chunk)
                if taken > _DRAINED_BYTES:
                    return


def _parse(content: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(content or b"{}")
        # The strict parser keeps the last of two values of the same name; the data would not be what was signed.
        json.loads(content or b"{}", object_pairs_hook=_refuse_twins)
    except (ValueError, RecursionError):
        raise CallError("MALFORMED", "the body is not JSON (RFC 8259, no name twice in an object)") from None
    if not isinstance(body, dict):
        raise CallError("MALFORMED", "the body must be an object")
    return body


def _refuse_twins(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice")
