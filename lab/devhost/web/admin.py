"""The few admin endpoints that a developer and the tests need. They require the function key when there is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

from lab.devhost.functions import IndexedFunction
from lab.devhost.invocation import InvocationError
from lab.devhost.timers.runner import TimerRunner
from lab.devhost.web.keys import Keys


def admin_routes(
    keys: Keys,
    timers: Mapping[str, TimerRunner],
    functions: list[IndexedFunction],
    is_owner: Callable[[], bool],
) -> list[web.RouteDef]:
    """`GET /admin/host/status`, `GET /admin/functions` and `POST /admin/functions/{name}` (runs a timer now)."""

    async def status(request: web.Request) -> web.Response:
        if not keys.allows(request, "ADMIN"):
            return web.Response(status=401)
        return web.json_response({"state": "Running", "owner": is_owner()})

    async def listing(request: web.Request) -> web.Response:
        if not keys.allows(request, "ADMIN"):
            return web.Response(status=401)
        return web.json_response([{"name": item.name, "trigger": item.trigger.kind} for item in functions])

    async def run(request: web.Request) -> web.Response:
        if not keys.allows(request, "ADMIN"):
            return web.Response(status=401)
        timer = timers.get(request.match_info["name"])
        if timer is None:
            return web.Response(status=404)
        try:
            await timer.fire()
        except InvocationError as error:
            return web.json_response({"error": str(error)}, status=500)
        return web.Response(status=202)

    return [
        web.get("/admin/host/status", status),
        web.get("/admin/functions", listing),
        web.post("/admin/functions/{name}", run),
    ]
