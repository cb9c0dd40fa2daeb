"""The server's open connections, so that one of them can break without an answer."""

import asyncio
import socket
import struct

from uvicorn.protocols.http.h11_impl import H11Protocol

_LINGER_NOT = struct.pack("ii", 1, 0)  # close() then sends RST instead of FIN


class Connections:
    """Knows every open connection by its far end, (host, port)."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """For uvicorn: its HTTP protocol, known here for as long as it is connected."""
        known = self._open

        class Known(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client:
                    known[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client:
                    known.pop(self.client, None)
                super().connection_lost(exc)

        return Known

    async def reset(self, far_end: tuple[str, int]) -> None:
        """Break a connection. What is sent to it afterwards goes nowhere."""
        transport = self._open.get(far_end)
        if transport is None:
            return
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        transport.abort()
        while far_end in self._open:
            await asyncio.sleep(0)
