"""Small HTTP servers of tests, which listen on a free port of this machine for as long as they are needed."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer
from typing import Self, TypeVar

AnyServer = TypeVar("AnyServer", bound=BaseServer)


@contextmanager
def listening(server: AnyServer) -> Iterator[AnyServer]:
    """The server serves meanwhile, and is gone with its thread afterwards."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Listener(ABC):
    """A context: within it, every GET and POST comes to ``answer``."""

    def __enter__(self) -> Self:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                listener.answer(self)

            def do_POST(self) -> None:
                listener.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._stack = ExitStack()
        self._server = self._stack.enter_context(listening(ThreadingHTTPServer(("127.0.0.1", 0), Handler)))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def origin(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @abstractmethod
    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request; several may come at once."""
