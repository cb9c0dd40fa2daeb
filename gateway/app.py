"""The HTTP side: two spellings of every call, the checks in the contract's order, and an audit line for each."""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from gateway.access import Access
from gateway.entities import BY_METHOD, ENTITIES, Entity
from gateway.errors import CallError
from gateway.media import Media
from gateway.reading import Reader
from gateway.settings import Limit, Settings
from gateway.store import Store
from gateway.undo import Undo
from gateway.writes import Writer

_AUDIT = logging.getLogger("gateway.audit")
_CONTRACT = "1.1"
_VERSION = "0.1.0"
_OTHERWISE = 600
_PATHS = {entity.path: entity.method for entity in ENTITIES.values()}

Handler = Callable[[dict[str, Any]], dict[str, Any]]


class Gateway:
    """One gateway: its settings, its store, its answers."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self.access = Access(self.settings)
        self.writer = Writer(self.store, strict=self.settings.strict, max_text=self.settings.max_text)
        self.media = Media(self.store, self.settings.media, self.settings.max_media_bytes)
        reader, undo = Reader(self.store), Undo(self.store)
        self.handlers: dict[str, Handler] = {
            "import.capabilities": self._capabilities,
            "import.count": reader.count,
            "import.read": reader.read,
            "import.list": reader.list,
            "import.schema.check": reader.schema_check,
            "import.delete": undo.delete,
            "import.rollback": undo.rollback,
            "import.media.list": self.media.list,
        }
        self.methods = frozenset({*self.handlers, *BY_METHOD, "import.media.put", "import.media.get"})

    def limit(self, entity: Entity) -> Limit:
        """What this gateway allows for an entity."""
        given = self.settings.limits.get(entity.method, Limit(entity.max_items, entity.per_minute))
        return Limit(given.max_items, max(1, round(given.per_minute * self.settings.rate_factor)))

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
        return await self._answer(request, user, code, _PATHS.get(request.path_params["path"], "import.unknown"))

    async def health(self, _request: Request) -> Response:
        """Open to everybody; says nothing but that it runs."""
        return _json({"status": "ok", "contract": _CONTRACT})

    async def _answer(self, request: Request, user: str, code: str, method: str) -> Response:
        begun = time.monotonic()
        outcome: dict[str, Any] = {}
        try:
            peer = request.client.host if request.client else ""
            self.access.check_code(user, code)
            self.access.check_address(peer, request.headers.get("x-forwarded-for"))
            self.access.check_method(method, self.methods)
            entity = BY_METHOD.get(method)
            per_minute = self.limit(entity).per_minute if entity else round(_OTHERWISE * self.settings.rate_factor)
            self.access.check_rate(method, user, max(1, per_minute))
            response = await self._dispatch(request, method, entity, outcome)
        except CallError as error:
            outcome = {"error": error.code}
            headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
            response = _json(error.body(), error.status, headers)
        milliseconds = round((time.monotonic() - begun) * 1000, 1)
        shown = method if method in self.methods else "unknown"
        line = {"method": shown, "user": user[:64], "status": response.status_code, "ms": milliseconds, **outcome}
        _AUDIT.info(json.dumps(line))
        return response

    async def _dispatch(
        self, request: Request, method: str, entity: Entity | None, outcome: dict[str, Any]
    ) -> Response:
        if method == "import.media.put":
            return _json(await self._put_media(request))
        body = await self._body(request)
        if method == "import.media.get":
            path, checksum, kind = self.media.get(body.get("media_id"))
            return FileResponse(path, media_type=kind, headers={"X-Checksum-Sha256": checksum})
        if entity is None:
            return _json(await asyncio.to_thread(self.handlers[method], body))
        items = body.get("items")
        if isinstance(items, list) and len(items) > self.limit(entity).max_items:
            raise CallError("BATCH_TOO_LARGE", f"a call may have {self.limit(entity).max_items} items")
        answer = await asyncio.to_thread(self.writer.apply, entity, body)
        outcome |= {"run_id": str(body.get("run_id"))[:100], "ignored_fields": answer.ignored}
        outcome |= {name: len(entries) for name, entries in answer.body().items()}
        return _json(answer.body())

    async def _put_media(self, request: Request) -> dict[str, Any]:
        key, checksum = request.headers.get("x-media-key", ""), request.headers.get("x-checksum-sha256", "")
        kind = request.headers.get("content-type", "application/octet-stream")
        return await self.media.put(key, checksum, kind, request.stream())

    async def _body(self, request: Request) -> dict[str, Any]:
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            if len(content) > self.settings.max_bytes:
                raise CallError("BATCH_TOO_LARGE", f"a call may have {self.settings.max_bytes} bytes")
        try:
            body = orjson.loads(bytes(content) or b"{}")
        except orjson.JSONDecodeError:
            raise CallError("MALFORMED", "the body is not JSON") from None
        if not isinstance(body, dict):
            raise CallError("MALFORMED", "the body must be an object")
        return body

    def _capabilities(self, _body: dict[str, Any]) -> dict[str, Any]:
        enabled = self.settings.methods
        return {
            "contract": _CONTRACT,
            "store_id": self.store.store_id,
            "product_version": _VERSION,
            "max_bytes": self.settings.max_bytes,
            "max_media_bytes": self.settings.max_media_bytes,
            "max_text": self.settings.max_text,
            "methods": {
                entity.method: {"max_items": limit.max_items, "per_minute": limit.per_minute}
                for entity in ENTITIES.values()
                if (enabled is None or entity.method in enabled) and (limit := self.limit(entity))
            },
        }


def build(settings: Settings, store: Store) -> Starlette:
    """The ASGI application."""
    gateway = Gateway(settings, store)
    return Starlette(
        routes=[
            Route("/webhook/{user}/{code}/{method}", gateway.webhook, methods=["POST"]),
            Route("/api/import/{path:path}", gateway.plain, methods=["POST"]),
            Route("/health", gateway.health, methods=["GET"]),
        ]
    )


def _json(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, media_type="application/json")
