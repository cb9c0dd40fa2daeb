"""``python -m gateway``: the import gateway in the foreground."""

import logging
import os
import signal
import socket
import ssl
import sys

import uvicorn

from gateway.app import build
from gateway.settings import Settings, SettingsError, load
from gateway.store import Store

_GRACE_SECONDS = 10


def main() -> int:
    """Serve until SIGTERM or SIGINT, answering what was asked before. Exit code 2 when a setting makes no sense."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    os.umask(0o077)  # what is stored is personal data
    try:
        settings = load()
        store = Store(settings.store)
        config = _configure(settings, store)
        listener = _listen(settings)
    except SettingsError as error:
        sys.stderr.write(f"gateway: {error}\n")
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        # The server takes over the signals while it runs, and raises what it got once more when it has stopped.
        signal.signal(number, lambda *_: sys.exit(0))
    scheme = "https" if settings.tls_cert else "http"
    try:
        _Announcing(config, f"ready {scheme}://{settings.host}:{settings.port}").run(sockets=[listener])
    finally:
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


def _configure(settings: Settings, store: Store) -> uvicorn.Config:
    config = uvicorn.Config(
        build(settings, store),
        access_log=False,  # it would print the import code
        log_level="warning",
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        proxy_headers=False,
        server_header=False,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(f"GATEWAY_TLS_CERT and GATEWAY_TLS_KEY cannot be used: {reason}") from None
    return config


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=256)
    except OSError as error:
        raise SettingsError(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from None
    # Connections inherit it. Without it every answer waits 40 ms for the client's acknowledgement of its head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


if __name__ == "__main__":
    sys.exit(main())
