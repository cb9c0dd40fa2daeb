"""The HTTP side: two spellings of every call, the checks in the contract's order, and an audit line for each."""

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from gateway.access import Access
from gateway.bodies import chunks, drain, read_object
from gateway.calls import CAPABILITIES, CONTRACT, Calls
from gateway.entities import BY_PATH
from gateway.errors import CallError
from gateway.media import File
from gateway.settings import Settings
from gateway.store import Store

_AUDIT = logging.getLogger("gateway.audit")
_ERRORS = logging.getLogger("gateway.errors")
_LONGEST_LOGGED = 100

Outcome = dict[str, Any]


class Gateway:
    """One gateway: its settings, its store, its answers."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Raises SettingsError."""
        self.settings = settings
        self.access = Access(settings)
        self.calls = Calls(settings, store)
        self._special: dict[str, Callable[[Request, Outcome], Awaitable[Response]]] = {
            "import.media.put": self._put_media,
            "import.media.get": self._get_media,
        }

    async def webhook(self, request: Request) -> Response:
        """``/webhook/{user}/{code}/{method}``."""
        path = request.path_params
        return await self._answer(request, path["user"], path["code"], path["method"])

    async def plain(self, request: Request) -> Response:
        """``/api/import/…`` with ``Authorization: Bearer user:code``."""
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        user, _, code = credentials.strip().partition(":")
        if scheme.lower() != "bearer":
            user = code = ""
        entity = BY_PATH.get(request.path_params["path"])
        return await self._answer(request, user, code, entity.method if entity else "import.unknown")

    async def health(self, _request: Request) -> Response:
        """Open to everybody; says nothing but that it runs."""
        return _json({"status": "ok", "contract": CONTRACT})

    async def _answer(self, request: Request, user: str, code: str, method: str) -> Response:
        begun = time.monotonic()
        # Whoever mixes up the parts of the address may have put a code where the name belongs.
        line: dict[str, Any] = {"method": method if method in self.calls.methods else "unknown", "user": None}
        outcome: Outcome = {}
        try:
            request.state.code_expires = self.access.check_code(user, code)
            line["user"] = user
            peer = request.client.host if request.client else ""
            self.access.check_address(peer, request.headers.getlist("x-forwarded-for"))
            self.access.check_method(method, self.calls.methods)
            response = await self._within_rate(request, user, method, outcome)
        except Exception as error:  # nothing but the contract's errors may reach a client
            refusal = error if isinstance(error, CallError) else _unavailable(error)
            outcome = {"error": refusal.code}
            await drain(request)
            response = _refuse(refusal)
        line |= {"status": response.status_code, "ms": round((time.monotonic() - begun) * 1000, 1), **outcome}
        _AUDIT.info(orjson.dumps(line).decode())
        return response

    async def _within_rate(self, request: Request, user: str, method: str, outcome: Outcome) -> Response:
        limit = self.calls.limit(method)
        if limit is None:
            return await self._call(request, method, outcome)
        with self.access.within_rate(method, user, limit.per_minute):
            return await self._call(request, method, outcome)

    async def _call(self, request: Request, method: str, outcome: Outcome) -> Response:
        if special := self._special.get(method):
            return await special(request, outcome)
        body = await read_object(request, self.settings.max_bytes)
        answer = await asyncio.to_thread(self.calls.answer, method, body, outcome)
        if method == CAPABILITIES and request.state.code_expires is not None:
            answer["code_expires_at"] = request.state.code_expires
        run_id = body.get("run_id")
        if isinstance(run_id, str):
            outcome["run_id"] = run_id[:_LONGEST_LOGGED]
        outcome |= {name: len(entries) for name, entries in answer.items() if isinstance(entries, list)}
        return _json(answer)

    async def _put_media(self, request: Request, outcome: Outcome) -> Response:
        headers = request.headers
        file = File.parse(
            headers.get("x-media-key", ""),
            headers.get("x-checksum-sha256", ""),
            headers.get("content-type", "application/octet-stream"),
        )
        answer = await self.calls.media.put(file, chunks(request, self.settings.max_media_bytes))
        outcome |= {"run_id": headers.get("x-run-id", "")[:_LONGEST_LOGGED], "bytes": answer["size"]}
        return _json(answer)

    async def _get_media(self, request: Request, _outcome: Outcome) -> Response:
        path, checksum, kind = self.calls.media.get(await read_object(request, self.settings.max_bytes))
        return FileResponse(path, media_type=kind, headers={"X-Checksum-Sha256": checksum})


def build(settings: Settings, store: Store) -> Starlette:
    """The ASGI application. Raises SettingsError."""
    gateway = Gateway(settings, store)
    app = Starlette(
        routes=[
            Route("/webhook/{user}/{code}/{method}", gateway.webhook, methods=["POST"]),
            Route("/api/import/{path:path}", gateway.plain, methods=["POST"]),
            Route("/health", gateway.health, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _no_call},
    )
    app.router.redirect_slashes = False  # a redirect would send the code around once more
    return app


async def _no_call(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    code, message = ("METHOD_NOT_ALLOWED", "calls are POST") if status == 405 else ("UNKNOWN_METHOD", "no such address")
    return _json(CallError(code, message).body(), status)


def _unavailable(error: Exception) -> CallError:
    """The log says where it happened, not what was at hand: that is data."""
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(traceback.extract_tb(error.__traceback__)))
    _ERRORS.error("%s in %s", type(error).__name__, where)
    return CallError("UNAVAILABLE", "the call could not be carried out now")


def _refuse(error: CallError) -> Response:
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
    return _json(error.body(), error.status, headers)


def _json(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, media_type="application/json")
