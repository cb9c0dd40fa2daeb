"""The portal's web server."""

import socket
from collections.abc import Callable

import uvicorn

from lab.simulators.bitrix24.app import build
from lab.simulators.bitrix24.connections import Connections
from lab.simulators.bitrix24.options import Options
from lab.simulators.bitrix24.portal import Portal


class Server(uvicorn.Server):
    """One simulated portal on a port of 127.0.0.1. ``on_ready`` is called with its address when it takes requests."""

    def __init__(self, options: Options, on_ready: Callable[[str], None]) -> None:
        """Binds the port. Raises OSError when that is not possible."""
        connections, portal = Connections(), Portal(options)
        config = uvicorn.Config(
            build(portal, connections),
            http=connections.protocol(),
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=5,
        )
        super().__init__(config)
        self._listener = socket.create_server(("127.0.0.1", options.port), backlog=256)
        # accepted connections inherit it: the head and the body of an answer are two writes, 40 ms apart without it
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._on_ready = on_ready
        portal.settle(options.public_url or self._address)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self._on_ready(self._address)

    def serve_until_stopped(self) -> None:
        """Until SIGTERM or SIGINT, or until ``should_exit`` is set."""
        self.run(sockets=[self._listener])
