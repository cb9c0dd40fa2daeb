"""The client that every connector calls through."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import BinaryIO
from urllib.parse import urlsplit

import httpx
import orjson

from shared.http.backoff import Backoff
from shared.http.redaction import redact
from shared.http.retry_after import retry_after
from shared.model.errors import PortageError, RetryLater, SlowDown
from shared.model.json import Json
from shared.ports.systems import Budget
from shared.ports.tracing import SpanKind, span

USER_AGENT = "portage/0.1"
_LONGEST_CALL = 65.0
"""Seconds. The portal allows a request 60 s; see API facts §2.3."""

_MOST_BYTES = 32 * 1024 * 1024
"""Of one answer, decompressed: several of them are decoded at once in 512 MiB."""

_OK = 200
_LIMITS = httpx.Limits(max_connections=40, max_keepalive_connections=20, keepalive_expiry=30.0)


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status. ``seconds`` is how long it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @cached_property
    def decoded(self) -> Json:
        """The body as JSON, read once: answers may have megabytes. Raises orjson.JSONDecodeError."""
        document: Json = orjson.loads(self.body)
        return document


Classify = Callable[[Answer], PortageError | None]
"""What an answer means: None when it is good."""

Body = bytes | Callable[[], AsyncIterator[bytes]]
"""What is posted; what is streamed is begun anew with each attempt, and its errors are its own."""

Tally = Callable[[str, str], None]
"""Told of every call: (method, verdict); the verdict is ``ok`` or a reason's code."""

Timing = Callable[[str, float, int], None]
"""Told of every call: (method, milliseconds until its answer ended, how many calls of the same there were before)."""


class TooMuch(RetryLater):
    """The answer has more bytes than are taken; the same call would have as many."""


def _untimed(_method: str, _milliseconds: float, _before: int) -> None:
    """For whoever does not care."""


@dataclass(slots=True)
class HttpClient:
    """Posts to one system. ``system`` is ``source`` or ``target`` and begins the reasons of its errors.

    ``longest_call`` is how many seconds one attempt may take, however steadily the answer trickles in.
    """

    system: str
    tally: Tally
    backoff: Backoff = field(default_factory=Backoff)
    longest_call: float = _LONGEST_CALL
    most_bytes: int = _MOST_BYTES
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    timing: Timing = _untimed
    http: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(
            timeout=httpx.Timeout(_LONGEST_CALL, connect=5.0),
            limits=_LIMITS,
            follow_redirects=False,
            headers={"User-Agent": USER_AGENT},
        )
    )

    async def post(
        self,
        url: str,
        content: Body,
        *,
        method: str,
        classify: Classify,
        budget: Budget,
        payer: str | None = None,
        headers: Mapping[str, str] | None = None,
        longest: float | None = None,
        into: BinaryIO | None = None,
    ) -> Answer:
        """Post until the answer is good, the trouble is not worth repeating, or the backoff gives up.

        Raises what ``classify`` found, or RetryLater when the other side does not answer or answers too much.
        ``method`` is the name that the tally knows the call by, and the budget too unless there is a ``payer``. A
        ``Retry-After`` header tells how long to wait when ``classify`` could not. ``longest``: see ``longest_call``.
        ``into`` gets the body of an answer of status 200 instead of the answer, however long it is.
        """
        throttled = partial(budget.throttled, payer or method)
        begun = time.monotonic()
        attempt = 0
        while True:
            attempt += 1
            await budget.acquire(payer or method)
            try:
                return await self._attempt(
                    url, content, headers, method, classify, throttled, longest, attempt - 1, into
                )
            except TooMuch:
                raise
            except RetryLater as error:
                pause = self.backoff.wait(attempt, time.monotonic() - begun, error.retry_after)
                if pause is None:
                    raise
            await self.sleep(pause)

    async def _attempt(
        self,
        url: str,
        content: Body,
        headers: Mapping[str, str] | None,
        method: str,
        classify: Classify,
        throttled: Callable[[float | None], Awaitable[None]],
        longest: float | None,
        before: int,
        into: BinaryIO | None,
    ) -> Answer:
        with span(method, SpanKind.CALL, system=self.system, host=_host(url)) as call:  # the URL is a secret
            begun = time.monotonic()
            answer = await self._once(url, content, headers, longest or self.longest_call, into)
            self.timing(method, (time.monotonic() - begun) * 1000, before)
            error = answer if isinstance(answer, RetryLater) else classify(answer)
            verdict = error.reason.code if error else "ok"
            call.end_as(verdict, ok=error is None or isinstance(error, SlowDown))
        self.tally(method, verdict)
        if isinstance(answer, RetryLater):
            raise answer
        if error is None:
            return answer
        if isinstance(error, SlowDown):
            await throttled(error.retry_after)
        if error.retry_after is None:
            error.retry_after = retry_after(answer.headers)
        raise error

    async def _once(
        self, url: str, content: Body, headers: Mapping[str, str] | None, longest: float, into: BinaryIO | None
    ) -> Answer | RetryLater:
        begun = time.monotonic()
        sent = {"Content-Type": "application/json", "Accept": "application/json", **(headers or {})}
        body = bytearray()
        posted = content if isinstance(content, bytes) else content()
        try:
            async with (
                asyncio.timeout(longest),
                self.http.stream("POST", url, content=posted, headers=sent) as response,
            ):
                to_file = into if response.status_code == _OK else None
                if to_file is not None:
                    to_file.seek(0)
                    to_file.truncate()
                async for chunk in response.aiter_bytes():
                    if to_file is not None:
                        to_file.write(chunk)
                        continue
                    body += chunk
                    if len(body) > self.most_bytes:
                        return TooMuch(f"{self.system}.unexpected_answer", f"more than {self.most_bytes} bytes")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            message = f"{type(error).__name__}: {redact(str(error))}" if str(error) else type(error).__name__
            return RetryLater(f"{self.system}.unreachable", message)
        return Answer(response.status_code, response.headers, bytes(body), time.monotonic() - begun)

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""
    except ValueError:
        return ""
