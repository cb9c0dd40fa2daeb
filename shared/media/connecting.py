"""Connections that lead to checked addresses only: a name is resolved once, checked, and connected to as checked.

The environment's proxies are not used: a proxy would resolve the name anew, and nobody would check what it finds.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

import httpcore
import httpx

from shared.media.addresses import AllowedSources

_MOST_ADDRESSES = 4
_KEEP_ALIVE = 30.0


@dataclass(slots=True)
class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Opens sockets for the pool, which goes on with TLS and HTTP under the name that was asked for."""

    sources: AllowedSources
    sockets: httpcore.AsyncNetworkBackend = field(default_factory=httpcore.AnyIOBackend)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # the signature is the library's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers. Raises RecordRejected, httpcore.ConnectError, ConnectTimeout."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(timeout):
                addresses = await self.sources.addresses(host, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout("the name was not resolved in time") from None
        except OSError:
            raise httpcore.ConnectError("the name has no address") from None
        error: Exception = httpcore.ConnectError("the name has no address")
        tried = addresses[:_MOST_ADDRESSES]
        for number, address in enumerate(tried):
            share = None if timeout is None else (timeout - (time.monotonic() - begun)) / (len(tried) - number)
            try:
                return await self.sockets.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error

    async def sleep(self, seconds: float) -> None:
        """As asked."""
        await self.sockets.sleep(seconds)


class CheckedTransport(httpx.AsyncBaseTransport):
    """Requests over checked connections. Raises RecordRejected and errors of ``httpcore``; the caller knows both."""

    def __init__(self, sources: AllowedSources, *, connections: int, tls: ssl.SSLContext | None = None) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or httpx.create_ssl_context(),
            max_connections=connections,
            keepalive_expiry=_KEEP_ALIVE,
            network_backend=CheckedNetwork(sources),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request, without redirects."""
        url = request.url
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()


@dataclass(slots=True)
class _Body(httpx.AsyncByteStream):
    answer: httpcore.Response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self.answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self.answer.aclose()
