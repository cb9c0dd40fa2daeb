"""HTTP triggers: find the function, decode the request, encode the answer."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from azure.functions import meta

from lab.devhost.errors import FunctionLoadError
from lab.devhost.functions import RETURN, IndexedFunction
from lab.devhost.invocation import InvocationError, Result
from lab.devhost.web.keys import Keys
from lab.devhost.web.routes import Route, RouteError, compile_route

log = logging.getLogger(__name__)

Call = Callable[[IndexedFunction, meta.Datum], Awaitable[Result]]
"""Runs a function with its trigger's data; the host adds the other inputs and sends the outputs."""

ALL_METHODS = ("GET", "POST", "DELETE", "HEAD", "PATCH", "PUT", "OPTIONS")


class HttpTriggers:
    """All HTTP functions of the app under one route prefix."""

    def __init__(self, functions: list[IndexedFunction], prefix: str, keys: Keys, call: Call) -> None:
        self._keys = keys
        self._call = call
        routes = [(_compile(prefix, function), function) for function in functions]
        self._routes = sorted(routes, key=lambda pair: pair[0].rank)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one request: 404 for no such route or method, 401 for a wrong key, 500 (empty) for an error."""
        found = self._find(request.rel_url.raw_path.lstrip("/"), request.method)
        if found is None:
            return web.Response(status=404)
        function, route_values = found
        if not self._keys.allows(request, str(function.trigger.properties.get("authLevel") or "FUNCTION")):
            return web.Response(status=401)
        try:
            result = await self._call(function, await _request_datum(request, route_values))
        except InvocationError as error:
            error.log(function.name)
            return web.Response(status=500)
        return _response(function, result)

    def _find(self, path: str, method: str) -> tuple[IndexedFunction, dict[str, str]] | None:
        for route, function in self._routes:
            methods = function.trigger.properties.get("methods") or ALL_METHODS
            values = route.match(path) if method in methods else None
            if values is not None:
                return function, values
        return None


def _compile(prefix: str, function: IndexedFunction) -> Route:
    try:
        return compile_route(prefix, str(function.trigger.properties.get("route") or function.name))
    except RouteError as error:
        raise FunctionLoadError(function.name, str(error)) from error


async def _request_datum(request: web.Request, route_values: dict[str, str]) -> meta.Datum:
    def text(value: str) -> meta.Datum:
        return meta.Datum(type="string", value=value)

    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    query: dict[str, str] = {}
    for name, value in request.query.items():
        query[name] = f"{query[name]},{value}" if name in query else value
    return meta.Datum(
        type="http",
        value={
            "method": text(request.method),
            "url": text(str(request.url)),
            "headers": {name: text(value) for name, value in headers.items()},
            "query": {name: text(value) for name, value in query.items()},
            "params": {name: text(value) for name, value in route_values.items()},
            "body": meta.Datum(type="bytes", value=await request.read()),
        },
    )


def _response(function: IndexedFunction, result: Result) -> web.Response:
    datum = result.returned
    if function.returned is None or function.returned.kind != "http":
        names = [item.name for item in function.outputs if item.kind == "http"]
        datum = result.outputs.get(names[0]) if names else None
    if datum is None:
        return web.Response(status=204 if function.returned and function.returned.name == RETURN else 200)
    if datum.type == "http":
        return _http_response(datum.value)
    body = datum.value if isinstance(datum.value, bytes) else str(datum.value).encode()
    return web.Response(body=body, headers={"Content-Type": "text/plain; charset=utf-8"})


def _http_response(value: dict[str, Any]) -> web.Response:
    headers = {name: item.value for name, item in value["headers"].items()}
    response = web.Response(status=int(value["status_code"].value), body=value["body"].value, headers=headers)
    for cookie in value["cookies"] or []:
        for morsel in cookie.values():
            response.headers.add("Set-Cookie", morsel.OutputString())
    return response
