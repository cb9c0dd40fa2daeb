"""A stand-in for the ingestion endpoint of Application Insights: takes telemetry on this machine and keeps it.

It speaks what the SDKs send: POST ``/v2.1/track`` or ``/v2/track`` with a JSON array or lines of JSON, gzip'd or not,
answered with the number of items that came in.
"""

import gzip
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Envelope = dict[str, Any]

_PATHS = ("/v2/track", "/v2.1/track")
_KEY = "00000000-0000-4000-8000-000000000000"


class Ingestion:
    """A running endpoint: ``with Ingestion() as ingestion``. ``refusing`` is a status that it answers instead."""

    def __init__(self) -> None:
        self.refusing: int | None = None
        self.bodies: list[bytes] = []
        self._received: list[Envelope] = []
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def connection(self) -> str:
        """What goes into APPLICATIONINSIGHTS_CONNECTION_STRING."""
        port = self._server.server_address[1]
        return f"InstrumentationKey={_KEY};IngestionEndpoint=http://127.0.0.1:{port}"

    def received(self, kind: str | None = None) -> list[Envelope]:
        """What came in, oldest first; of one ``baseType`` if it is named."""
        with self._changed:
            return [one for one in self._received if kind in (None, one["data"]["baseType"])]

    def wait_for(self, found: Callable[[Self], bool], seconds: float) -> bool:
        """Wait until ``found`` is true of what came in; False when it does not come true in time."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not (true := found(self)) and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
        return true

    def take(self, path: str, body: bytes) -> tuple[int, int]:
        """Keep what a request brought; its status, and how many items it had."""
        if self.refusing is not None:
            return self.refusing, 0
        if path not in _PATHS:
            return 404, 0
        text = body.decode()
        envelopes = json.loads(text) if text.lstrip().startswith("[") else [json.loads(one) for one in text.split("\n")]
        with self._changed:
            self.bodies.append(body)
            self._received.extend(envelopes)
            self._changed.notify_all()
        return 200, len(envelopes)


def _handler_of(ingestion: Ingestion) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            status, count = ingestion.take(self.path, body)
            answer = json.dumps({"itemsReceived": count, "itemsAccepted": count, "errors": []}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
            """Say nothing on the console."""

    return Handler
