"""HTTP servers of a host process."""

from __future__ import annotations

import socket

from aiohttp import web

_MAX_BODY_BYTES = 100 * 1024 * 1024


def new_application() -> web.Application:
    """An application that takes bodies as large as Azure's front end does (100 MB)."""
    return web.Application(client_max_size=_MAX_BODY_BYTES)


class Server:
    """One application on one address. Bodies reach the app as they came: nothing is decompressed here."""

    def __init__(self, application: web.Application, grace_seconds: float) -> None:
        self._runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=grace_seconds, auto_decompress=False
        )

    async def start(self, host: str, port: int) -> int:
        """Listen (port 0 chooses one) and return the port; raises `OSError` when it is taken."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()
        return int(listening.getsockname()[1])

    async def stop(self) -> None:
        """Close the port at once, let running requests end within the grace period."""
        await self._runner.cleanup()
