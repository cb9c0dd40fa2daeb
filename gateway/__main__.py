"""``python -m gateway``: the import gateway in the foreground."""

import logging
import socket
import sys

import uvicorn

from gateway.app import build
from gateway.settings import Settings, SettingsError, load
from gateway.store import Store


def main() -> int:
    """Serve until SIGTERM or SIGINT. Exit code 2 when a setting makes no sense or the port is taken."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    try:
        settings = load()
        listener = _listen(settings)
    except SettingsError as error:
        sys.stderr.write(f"gateway: {error}\n")
        return 2
    store = Store(settings.store)
    config = uvicorn.Config(
        build(settings, store),
        access_log=False,  # it would print the import code
        log_level="warning",
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        timeout_graceful_shutdown=10,
        proxy_headers=False,
        server_header=False,
    )
    scheme = "https" if settings.tls_cert else "http"
    _Announcing(config, f"ready {scheme}://{settings.host}:{settings.port}").run(sockets=[listener])
    store.close()
    return 0


class _Announcing(uvicorn.Server):
    """Says so on standard output once it takes requests."""

    def __init__(self, config: uvicorn.Config, line: str) -> None:
        super().__init__(config)
        self._line = line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then announce."""
        await super().startup(sockets)
        sys.stdout.write(f"{self._line}\n")
        sys.stdout.flush()


def _listen(settings: Settings) -> socket.socket:
    try:
        listener = socket.create_server((settings.host, settings.port), backlog=256)
    except OSError as error:
        raise SettingsError(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from None
    listener.set_inheritable(True)
    return listener


if __name__ == "__main__":
    sys.exit(main())
