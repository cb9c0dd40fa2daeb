"""The portal as an ASGI application, with a control plane under ``/__sim/``."""

import asyncio
import hmac
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lab.simulators.bitrix24 import batch
from lab.simulators.bitrix24.calls import Caller, Reply
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.faults import Faults
from lab.simulators.bitrix24.limits import LeakyBucket, Operating
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.parameters import Tree, parse, pick
from lab.simulators.bitrix24.world import World

_ZONE = timezone(timedelta(hours=3))


class Portal:
    """One portal with its records, its limits and its counters."""

    def __init__(
        self, world: World, callers: list[Caller], *, rate: float, burst: int, page_ms: float, faults: Faults
    ) -> None:
        self.world = world
        self.callers = callers
        self.rate, self.burst, self.page_ms = rate, burst, page_ms
        self.faults = faults
        self.buckets: dict[str, LeakyBucket] = {}
        self.operating = Operating()
        self.calls: Counter[str] = Counter()
        self.requests = self.refused = self.writes = 0

    async def rest(self, request: Request) -> Response:
        """``/rest/{user}/{secret}/{method}`` and ``/rest/{method}`` with a token."""
        begun = time.time()
        fault = await self.faults.instead()
        if fault is not None:
            return fault
        try:
            name = request.path_params["method"].removesuffix(".json")
            parameters = parse(request.url.query, await request.body(), request.headers.get("content-type", ""))
            if name.lower() != "batch":
                find(name)
            caller = self._caller(request, parameters)
            self._admit(request.client.host if request.client else "")
            if name.lower() == "batch":
                pages: list[int] = []
                body: dict[str, Any] = {"result": batch.run(parameters, lambda n, p: self._run(caller, n, p, pages))}
                await self._take_time(sum(pages))
            else:
                pages = []
                reply = self._run(caller, name, parameters, pages)
                await self._take_time(sum(pages))
                body = {"result": reply.result}
                body |= {"next": reply.next} if reply.next is not None else {}
                body |= {"total": reply.total} if reply.total is not None else {}
        except PortalError as error:
            return _json(error.body(), error.status)
        return _json({**body, "time": _time(begun)})

    def _caller(self, request: Request, parameters: Tree) -> Caller:
        user, secret = request.path_params.get("user"), request.path_params.get("secret")
        token = str(pick(parameters, "auth") or "") if secret is None else secret
        for caller in self.callers:
            same = hmac.compare_digest(caller.secret.encode(), token.encode())
            if same and (user is None or user == str(caller.user)):
                return caller
        raise PortalError("NO_AUTH_FOUND", "Wrong authorization data", 401)

    def _admit(self, address: str) -> None:
        bucket = self.buckets.setdefault(address, LeakyBucket(self.rate, self.burst))
        self.requests += 1
        if not bucket.admit():
            self.refused += 1
            raise PortalError("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)

    def _run(self, caller: Caller, name: str, parameters: Tree, pages: list[int]) -> Reply:
        method = find(name)
        self.calls[name.lower()] += 1
        if method.scope and method.scope not in caller.scopes:
            raise PortalError(
                "insufficient_scope", "The request requires higher privileges than provided by the webhook token", 401
            )
        self.operating.check(caller.secret, name.lower())
        if not method.reads:
            self.writes += 1
        reply = method.handle(self.world, caller, parameters)
        pages.append(reply.pages)
        self.operating.add(caller.secret, name.lower(), reply.pages * self.page_ms / 1000)
        return reply

    async def _take_time(self, pages: int) -> None:
        if self.page_ms:
            await asyncio.sleep(pages * self.page_ms / 1000)

    async def stats(self, _request: Request) -> Response:
        """What was counted since the start."""
        highest = max((bucket.highest for bucket in self.buckets.values()), default=0.0)
        counted = {"requests": self.requests, "refused": self.refused, "writes": self.writes}
        return _json({**counted, "highest_level": highest, "calls": dict(self.calls)})

    async def truth(self, request: Request) -> Response:
        """Every record of an entity."""
        return _json(self.world.truth(request.path_params["entity"]))

    async def mode(self, request: Request) -> Response:
        """``{"down": bool, "faults": share}`` switches faults while the portal runs."""
        wanted = await request.json()
        self.faults.down = bool(wanted.get("down", self.faults.down))
        self.faults.share = float(wanted.get("faults", self.faults.share))
        return _json({"down": self.faults.down, "faults": self.faults.share})


def build(portal: Portal) -> Starlette:
    """The ASGI application."""
    return Starlette(
        routes=[
            Route("/rest/{user:int}/{secret}/{method}", _with_text_user(portal), methods=["GET", "POST"]),
            Route("/rest/{method}", portal.rest, methods=["GET", "POST"]),
            Route("/__sim/stats", portal.stats),
            Route("/__sim/truth/{entity}", portal.truth),
            Route("/__sim/mode", portal.mode, methods=["POST"]),
        ]
    )


def _with_text_user(portal: Portal) -> Any:
    async def rest(request: Request) -> Response:
        request.path_params["user"] = str(request.path_params["user"])
        return await portal.rest(request)

    return rest


def _time(begun: float) -> dict[str, Any]:
    finished = time.time()
    return {
        "start": begun,
        "finish": finished,
        "duration": finished - begun,
        "processing": 0,
        "date_start": datetime.fromtimestamp(begun, _ZONE).isoformat(timespec="seconds"),
        "date_finish": datetime.fromtimestamp(finished, _ZONE).isoformat(timespec="seconds"),
        "operating_reset_at": int(finished) + 600,
        "operating": 0,
    }


def _json(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json; charset=utf-8")
