"""The management API of orchestrations: the public one and the RPC endpoint of the SDK's client share these handlers.

Paths, query names and status codes are those of the durable extension (`/runtime/webhooks/durabletask/…`).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from lab.devhost.durable import links
from lab.devhost.durable.episode import RuntimeStatus
from lab.devhost.durable.service import (
    BadRequestError,
    EndedInstanceError,
    Filter,
    InstanceExistsError,
    OrchestrationService,
    UnknownInstanceError,
)
from lab.devhost.durable.state import Summary
from lab.devhost.durable.status import condensed_history, status_body

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ManagementApi:
    """Handlers for one audience. `show_input_by_default` is true for the public API and false for the SDK's client."""

    def __init__(
        self,
        service: OrchestrationService,
        *,
        hub: str,
        system_key: str | None,
        allows: Callable[[web.Request], bool],
        show_input_by_default: bool,
    ) -> None:
        self._service = service
        self._hub = hub
        self._system_key = system_key
        self._allows = allows
        self._show_input = show_input_by_default

    def routes(self, base: str) -> list[web.RouteDef]:
        """The routes under `base` (no trailing slash)."""
        instance = f"{base}/instances/{{id}}"
        return [
            web.post(f"{base}/orchestrators/{{name}}", self._guarded(self._start)),
            web.post(f"{base}/orchestrators/{{name}}/{{id}}", self._guarded(self._start)),
            web.get(f"{base}/instances", self._guarded(self._list)),
            web.get(f"{base}/instances/", self._guarded(self._list)),
            web.delete(f"{base}/instances", self._guarded(self._purge_matching)),
            web.delete(f"{base}/instances/", self._guarded(self._purge_matching)),
            web.get(instance, self._guarded(self._status)),
            web.delete(instance, self._guarded(self._purge)),
            web.post(f"{instance}/raiseEvent/{{event}}", self._guarded(self._raise_event)),
            web.post(f"{instance}/{{verb}}", self._guarded(self._steer)),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self._allows(request):
                return web.Response(status=401)
            try:
                return await handler(request)
            except BadRequestError as error:
                return _problem(400, str(error))
            except UnknownInstanceError:
                return web.Response(status=404)
            except EndedInstanceError:
                return web.Response(status=410)
            except InstanceExistsError as error:
                return _problem(500, str(error))

        return guarded

    async def _start(self, request: web.Request) -> web.StreamResponse:
        raw_input = await _json_text(request)
        version = request.query.get("version")
        wanted = request.match_info.get("id")
        instance_id = await self._service.start(request.match_info["name"], wanted, raw_input, version)
        timeout = float(request.query.get("timeout") or 0)
        if timeout:
            return await self._await_end(request, instance_id, timeout)
        return self._accepted(request, instance_id)

    async def _await_end(self, request: web.Request, instance_id: str, timeout: float) -> web.StreamResponse:
        pause = float(request.query.get("pollingInterval") or 1)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            summary = await self._service.find(instance_id)
            if summary.status is RuntimeStatus.COMPLETED:
                return web.json_response(json.loads(summary.output or "null"))
            if summary.status.is_terminal:
                code = 500 if summary.status is RuntimeStatus.FAILED else 200
                return web.json_response(status_body(summary, show_input=True), status=code)
            await asyncio.sleep(min(pause, max(0.0, deadline - time.monotonic())))
        return self._accepted(request, instance_id)

    def _accepted(self, request: web.Request, instance_id: str) -> web.Response:
        origin = f"{request.scheme}://{request.host}"
        payload = links.management_urls(origin, instance_id, self._system_key, self._hub)
        headers = {"Location": payload["statusQueryGetUri"], "Retry-After": "10"}
        return web.json_response(payload, status=202, headers=headers)

    async def _status(self, request: web.Request) -> web.StreamResponse:
        summary = await self._service.find(request.match_info["id"])
        history = None
        if _flag(request, "showHistory", default=False):
            events = await self._service.history(summary)
            history = condensed_history(events, show_output=_flag(request, "showHistoryOutput", default=False))
        body = status_body(summary, show_input=_flag(request, "showInput", default=self._show_input), history=history)
        if not summary.status.is_terminal:
            return web.json_response(body, status=202, headers={"Location": str(request.url), "Retry-After": "5"})
        wants_500 = _flag(request, "returnInternalServerErrorOnFailure", default=False)
        failed = wants_500 and summary.status is RuntimeStatus.FAILED
        return web.json_response(body, status=500 if failed else 200)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        found = await self._service.query(_filter(request))
        page, token = _page(request, found)
        show_input = _flag(request, "showInput", default=self._show_input)
        headers = {"x-ms-continuation-token": token} if token else {}
        return web.json_response([status_body(item, show_input=show_input) for item in page], headers=headers)

    async def _purge(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"instancesDeleted": await self._service.purge(request.match_info["id"])})

    async def _purge_matching(self, request: web.Request) -> web.StreamResponse:
        if not request.query.get("createdTimeFrom"):
            raise BadRequestError("Please provide value for 'createdTimeFrom' parameter.")
        deleted = await self._service.purge_matching(_filter(request))
        return web.json_response({"instancesDeleted": deleted}, status=200 if deleted else 404)

    async def _raise_event(self, request: web.Request) -> web.StreamResponse:
        raw_input = await _json_text(request)
        await self._service.raise_event(request.match_info["id"], request.match_info["event"], raw_input)
        return web.Response(status=202)

    async def _steer(self, request: web.Request) -> web.StreamResponse:
        instance_id, reason = request.match_info["id"], request.query.get("reason", "")
        match request.match_info["verb"].lower():
            case "terminate":
                await self._service.terminate(instance_id, reason)
            case "suspend":
                await self._service.suspend(instance_id, reason)
            case "resume":
                await self._service.resume(instance_id, reason)
            case "rewind":
                await self._service.rewind(instance_id)
            case "restart":
                new_id = _flag(request, "restartWithNewInstanceId", default=True)
                return self._accepted(request, await self._service.restart(instance_id, new_id=new_id))
            case _:
                return web.Response(status=404)
        return web.Response(status=202)


async def _json_text(request: web.Request) -> str | None:
    """The request's body as normalised JSON text, `None` when it is empty; 400 when it is not JSON."""
    body = await request.text()
    if not body:
        return None
    if not request.content_type.endswith("json"):
        raise BadRequestError("Only application/json request content is supported")
    try:
        return json.dumps(json.loads(body))
    except ValueError:
        raise BadRequestError("The request body is not valid JSON") from None


def _problem(status: int, message: str) -> web.Response:
    body = {
        "Message": "Something went wrong while processing your request",
        "ExceptionMessage": message,
        "ExceptionType": "System.ArgumentException" if status == 400 else "System.InvalidOperationException",
        "StackTrace": "",
    }
    return web.json_response(body, status=status)


def _flag(request: web.Request, name: str, *, default: bool) -> bool:
    text = request.query.get(name)
    return default if text is None else text.lower() == "true"


def _filter(request: web.Request) -> Filter:
    statuses = [part for part in request.query.get("runtimeStatus", "").split(",") if part]
    try:
        return Filter(
            created_from=_moment(request.query.get("createdTimeFrom")),
            created_to=_moment(request.query.get("createdTimeTo")),
            statuses=frozenset(RuntimeStatus(part) for part in statuses),
            id_prefix=request.query.get("instanceIdPrefix", ""),
        )
    except ValueError as error:
        raise BadRequestError(str(error)) from error


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _page(request: web.Request, found: list[Summary]) -> tuple[list[Summary], str | None]:
    top: Any = request.query.get("top")
    start = int(request.headers.get("x-ms-continuation-token") or 0)
    if top is None:
        return found[start:], None
    end = start + int(top)
    return found[start:end], str(end) if end < len(found) else None
