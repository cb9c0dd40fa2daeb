"""The portal as an ASGI application: requests in, answers and faults out."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lab.simulators.bitrix24 import batch, faults
from lab.simulators.bitrix24.calls import Caller
from lab.simulators.bitrix24.connections import Connections
from lab.simulators.bitrix24.control import Control
from lab.simulators.bitrix24.disk.downloads import Downloads
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.limits import Spent
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.moments import timing
from lab.simulators.bitrix24.parameters import Tree, method_name, parse, pick
from lab.simulators.bitrix24.portal import Portal

_JSON = "application/json; charset=utf-8"
_WHOLE_SECONDS_ONE_IN = 4  # answers: both forms of ``time`` occur


def build(portal: Portal, connections: Connections) -> Starlette:
    """The ASGI application. Connections are broken through ``connections``."""
    rest = _Rest(portal, connections)
    routes = [
        *Downloads(portal).routes(),
        Route("/rest/{user}/{secret}/{method}", rest.answer, methods=["GET", "POST"]),
        Route("/rest/{method}", rest.answer, methods=["GET", "POST"]),
        *Control(portal).routes(),
    ]

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        colleagues = asyncio.create_task(portal.mutation.run())
        colleagues.add_done_callback(_say_why)
        yield
        colleagues.cancel()
        with suppress(asyncio.CancelledError):
            await colleagues

    return Starlette(routes=routes, lifespan=lifespan)


def _say_why(stopped: asyncio.Task[None]) -> None:
    if not stopped.cancelled() and (error := stopped.exception()):
        logging.getLogger("uvicorn.error").error("from now on no record changes any more", exc_info=error)


class _Rest:
    """``/rest/{user}/{secret}/{method}``, and ``/rest/{method}`` with the secret in ``auth``."""

    def __init__(self, portal: Portal, connections: Connections) -> None:
        self._portal = portal
        self._connections = connections
        self._answered = 0

    async def answer(self, request: Request) -> Response:
        """One request: limits first, then perhaps a fault, then the call."""
        if self._portal.faults.down:
            return faults.outage()
        body = await request.body()
        try:
            self._portal.admit(request.client.host if request.client else "")
            name = method_name(request.path_params["method"])
            fault = self._portal.faults.draw(batch=name == "batch")
            if early := await self._instead(request, fault):
                return early
            parameters = parse(request.url.query, body, request.headers.get("content-type", ""))
            async with asyncio.timeout(self._portal.timeout):
                document = await self._run(request, name, parameters, fault)
        except PortalError as error:
            return Response(self._portal.encode(error.body()), error.status, media_type=_JSON)
        except TimeoutError:
            return faults.gateway_timeout()
        if fault == faults.LATE:
            await asyncio.sleep(self._portal.faults.slow_ms / 1000)
        return Response(self._portal.encode(document), media_type=_JSON)

    async def _instead(self, request: Request, fault: str | None) -> Response | None:
        if fault == faults.SLOW:
            await asyncio.sleep(self._portal.faults.slow_ms / 1000)
        if fault == faults.RESET and request.client:
            await self._connections.reset((request.client.host, request.client.port))
            return Response()  # to nobody
        return self._portal.faults.answer(fault)

    async def _run(self, request: Request, name: str, parameters: Tree, fault: str | None) -> dict[str, Any]:
        begun = self._portal.clock()
        if name != "batch":
            find(name)  # before authorization: an unknown method of an unknown webhook is an unknown method
        secret = request.path_params.get("secret") or str(pick(parameters, "auth") or "")
        caller = self._portal.caller(request.path_params.get("user"), secret)
        if name == "batch":
            return await self._batch(caller, parameters, fault, begun)
        called = await self._portal.call(caller, name, parameters)
        document = {"result": called.reply.result, "next": called.reply.next, "total": called.reply.total}
        shown = {key: value for key, value in document.items() if key == "result" or value is not None}
        return shown | self._time(begun, called.spent)

    async def _batch(self, caller: Caller, parameters: Tree, fault: str | None, begun: float) -> dict[str, Any]:
        failing = self._portal.faults.in_batch(fault, len(batch.commands_of(parameters)))
        sections = await batch.run(parameters, partial(self._portal.call, caller), failing)
        return {"result": sections} | self._time(begun, self._portal.spent(caller, "batch"))

    def _time(self, begun: float, spent: Spent | None) -> dict[str, Any]:
        self._answered += 1
        return {"time": timing(begun, self._portal.clock(), spent, whole=self._answered % _WHOLE_SECONDS_ONE_IN == 0)}
