"""A web server that hands out files as the test tells it to, and a fetcher of them."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from aiohttp import web

from shared.media.addresses import AllowedSources
from shared.media.fetching import Limits, MediaFetcher
from shared.media.verdicts import Expected, Fetched, Outcome
from shared.model.errors import PortageError
from shared.model.reasons import REASONS
from shared.storage.memory.media import MemoryMediaStore

SECRET = "s3cr3tcode"
NAME = "feed/1/0-photo.png"
PNG = b"\x89PNG\r\n\x1a\n" + random.Random(7).randbytes(300_000)
LOGIN = b"<!DOCTYPE html>\n<html><head><title>Login</title></head><body><form>...</form></body></html>"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """A web server of this machine that answers every request with ``answer``."""

    def __init__(self) -> None:
        self.answer: Handler = replying(200, PNG, "image/png")
        self.requests: list[web.Request] = []
        self.origin = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        return await self.answer(request)

    def url(self, path: str = "/rest/download.json") -> str:
        return f"{self.origin}{path}?auth={SECRET}&token=disk%7C{SECRET}"


def replying(status: int, body: bytes = b"", content_type: str = "", **headers: str) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers={"Content-Type": content_type, **named})

    return answer


def streaming(*parts: bytes, content_type: str = "image/png", pause: float = 0.0) -> Handler:
    """Without a Content-Length."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": content_type})
        await response.prepare(request)
        for part in parts:
            await response.write(part)
            await asyncio.sleep(pause)
        return response

    return answer


def redirecting(*locations: str) -> Handler:
    """One after the other, then the file."""
    left = list(locations)

    async def answer(request: web.Request) -> web.StreamResponse:
        if left:
            return web.Response(status=302, headers={"Location": left.pop(0)})
        return await replying(200, PNG, "image/png")(request)

    return answer


async def started(server: Server) -> web.AppRunner:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return runner


class Fetching:
    """A fetcher for files of one portal, and what it stored."""

    def __init__(self, portal: Server, limits: Limits | None = None, hosts: tuple[str, ...] = ()) -> None:
        self.store = MemoryMediaStore()
        webhook = f"{portal.origin}/rest/1/{SECRET}/"
        sources = AllowedSources.of(hosts, [webhook])
        self.fetcher = MediaFetcher(self.store, sources, portal=webhook, limits=limits)

    async def __call__(self, url: str, expected: Expected | None = None) -> Fetched:
        try:
            fetched = await self.fetcher.fetch(url, NAME, expected)
        except PortageError:
            assert await self.store.find(NAME) is None
            raise
        found = await self.store.find(NAME)
        assert (found and found.size) == fetched.size
        assert (fetched.reason in REASONS) == (fetched.outcome is not Outcome.STORED)
        return fetched

    async def stored(self) -> bytes:
        return b"".join([block async for block in self.store.read(NAME)])
