"""Fetching one file from the web into the store: checked address, bounded size and time, digest on the way.

A link is a secret (it carries a token): errors and results name its host at most.
"""

import asyncio
import hashlib
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpcore
import httpx

from shared.http.client import USER_AGENT
from shared.media.addresses import AllowedSources, origin_of
from shared.media.connecting import CheckedTransport
from shared.media.kinds import SNIFFED
from shared.media.verdicts import (
    Expected,
    Fetched,
    LinkExpired,
    Outcome,
    Stumbled,
    promised_length,
    require_file,
    require_kind,
    require_room,
    require_size,
)
from shared.model.errors import Conflict, RecordRejected, RetryLater, SlowDown
from shared.ports.stores import MediaStore

_MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_SILENCE = (httpcore.ConnectError, httpcore.ConnectTimeout)
_REMEMBERED = 3.0
"""Seconds for which a server where nobody answers is not asked again: many files wait for the same one."""

_FAILURES = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of a file (import contract §1), seconds of one wait and of the whole, and connections at a time."""

    size: int = 100 * 1024 * 1024
    connect: float = 10.0
    read: float = 30.0
    total: float = 300.0
    connections: int = 8


class MediaFetcher:
    """Fetches files; safe to share between workers of one process."""

    def __init__(
        self,
        store: MediaStore,
        sources: AllowedSources,
        *,
        portal: str,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``portal`` is any URL of it: files are asked for as if from its first page, and links may be relative to it.

        ``tls`` replaces the default.
        """
        self._store = store
        self._sources = sources
        self._limits = limits or Limits()
        self._room = asyncio.Semaphore(self._limits.connections)  # who waits for a connection is not slow yet
        self._transport = CheckedTransport(sources, connections=self._limits.connections, tls=tls)
        self._portal = httpx.URL(portal).copy_with(raw_path=b"/", userinfo=b"", fragment=None)
        self._headers = _headers(self._portal)
        self._silent: dict[str, float] = {}

    @property
    def home(self) -> str:
        """Host and port of the portal itself, as results and errors name their ``origin``."""
        return _place(self._portal)

    async def fetch(self, url: str, name: str, expected: Expected | None = None) -> Fetched:
        """Bring the file at ``url`` into the store under ``name``; nothing can be read there unless it is ``stored``.

        Raises Stumbled when the server is out or too slow, RetryLater when the store is, SlowDown when the server asks
        for it, and Conflict when another worker wrote the same file meanwhile.
        """
        way = _Way()
        try:
            async with self._room, asyncio.timeout(self._limits.total):
                return await self._fetch(way, url, name, expected or Expected())
        except LinkExpired as over:
            return Fetched(Outcome.EXPIRED, over.reason, str(over), origin=way.origin)
        except RecordRejected as refused:
            return Fetched(Outcome.REFUSED, refused.reason.code, refused.message, origin=way.origin)
        except TimeoutError:
            message = f"not complete after {self._limits.total:g} s"
            raise Stumbled("media.too_slow", message, origin=way.asked) from None
        except _FAILURES as error:
            silent = isinstance(error, _SILENCE)
            if silent:
                self._silent[way.asked] = time.monotonic()
            raise Stumbled("media.unreachable", type(error).__name__, origin=way.asked, silent=silent) from None
        except RetryLater as error:
            if error.system != "media" or isinstance(error, Stumbled):
                raise
            code, after = error.reason.code, error.retry_after
            raise Stumbled(code, error.message, origin=way.asked, retry_after=after) from None

    async def answers(self, url: str) -> bool:
        """Whether the server of a file that came before still hands it out; nothing is stored."""
        way = _Way()
        try:
            async with self._room, asyncio.timeout(self._limits.total), self._answer(way, url) as answer:
                require_file(answer.status_code, answer.headers)
        except (LinkExpired, RecordRejected, SlowDown):
            return True
        except (*_FAILURES, RetryLater):
            return False
        return True

    async def kept(self, name: str, size: int) -> Fetched | None:
        """What an earlier call stored under ``name``, if it has ``size`` bytes; its digest is taken anew."""
        found = await self._store.find(name)
        if found is None or found.size != size:
            return None
        digest = hashlib.sha256()
        try:
            async for block in self._store.read(name):
                digest.update(block)
        except (KeyError, Conflict):
            return None  # it is being replaced
        return Fetched(Outcome.STORED, size=size, sha256=digest.hexdigest(), content_type=found.content_type)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _fetch(self, way: "_Way", url: str, name: str, expected: Expected) -> Fetched:
        require_room(expected.size, self._limits.size)
        async with self._answer(way, url) as answer:
            require_file(answer.status_code, answer.headers)
            length = promised_length(answer.headers)
            body = answer.aiter_raw()
            head = await _beginning(body)
            kind = require_kind(head, answer.headers.get("Content-Type", ""), length, expected)
            require_room(length, self._limits.size)
            intake = _Intake(kind, expected, self._limits.size)
            await self._store.write(name, intake.pass_on(head, body), kind)
        digest = intake.digest.hexdigest()
        return Fetched(Outcome.STORED, size=intake.size, sha256=digest, content_type=intake.kind, origin=way.origin)

    @asynccontextmanager
    async def _answer(self, way: "_Way", url: str) -> AsyncIterator[httpx.Response]:
        """The answer at the end of the redirects; each is checked like the link itself.

        The client of ``httpx`` is not used: it would keep cookies, and log links.
        """
        target = self._sources.admit(_joined(self._portal, url))
        for _ in range(_MOST_REDIRECTS + 1):
            way.asked = _place(target)
            if time.monotonic() - self._silent.get(way.asked, float("-inf")) < _REMEMBERED:
                raise Stumbled("media.unreachable", "nobody answered a moment ago", origin=way.asked, silent=True)
            answer = await self._transport.handle_async_request(self._request(target))
            way.origin = way.asked
            try:
                location = answer.headers.get("Location")
                if answer.status_code not in _REDIRECTS or not location:
                    yield answer
                    return
            finally:
                await answer.aclose()
            target = self._sources.admit(_joined(target, location))
        raise RecordRejected("media.redirected_too_often", f"more than {_MOST_REDIRECTS} redirects")

    def _request(self, url: httpx.URL) -> httpx.Request:
        limits = self._limits
        timeout = httpx.Timeout(limits.read, connect=limits.connect, pool=None)
        return httpx.Request("GET", url, headers=self._headers, extensions={"timeout": timeout.as_dict()})


@dataclass(slots=True)
class _Way:
    """Whom a fetch ``asked`` last, and the ``origin`` that answered last."""

    asked: str = ""
    origin: str | None = None


@dataclass(slots=True)
class _Intake:
    """Measures a file on its way into the store, and stops it when it is not what was promised."""

    kind: str
    expected: Expected
    most: int
    size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    async def pass_on(self, head: bytes, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """``head`` and the rest of ``body``."""
        part: bytes | None = head
        while part is not None:
            self.size += len(part)
            require_room(self.size, self.most)
            self.digest.update(part)
            yield part
            part = await anext(body, None)
        require_size(self.size, self.kind, self.expected)


async def _beginning(body: AsyncIterator[bytes]) -> bytes:
    """At least the bytes that show the kind of a file, or all of it."""
    head = b""
    while len(head) < SNIFFED and (part := await anext(body, None)) is not None:
        head += part
    return head


def _place(url: httpx.URL) -> str:
    host, port = origin_of(url)
    return f"{host}:{port}"


def _headers(portal: httpx.URL) -> dict[str, str]:
    """What browsers send; without it some portals answer 404 (API facts §4.9)."""
    return {
        "User-Agent": f"Mozilla/5.0 (compatible; {USER_AGENT})",
        "Accept": "*/*",
        "Accept-Language": "en,ru;q=0.9,*;q=0.5",
        "Accept-Encoding": "identity",
        "Referer": str(portal),
    }


def _joined(base: httpx.URL, location: str) -> httpx.URL:
    try:
        return base.join(location)
    except (httpx.InvalidURL, ValueError):
        raise RecordRejected("media.address_refused", "the link is no web address") from None
