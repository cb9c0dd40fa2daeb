"""Faulty links of a test or of the chaos suite: each a loopback port with a thread that serves it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

from lab.faults.kinds import Dialect, Kind, Share
from lab.faults.proxy import FaultyProxy
from lab.faults.wire import Message

_LARGEST_HEAD = 1 << 18

_Answer = TypeVar("_Answer")


class FaultyLink:
    """A context: within it, requests to ``port`` reach the server behind ``address``, spoiled in part.

    ``kinds`` default to those that the dialect is known for. ``spared`` says which requests no fault may hit.
    """

    def __init__(
        self,
        address: str,
        dialect: Dialect,
        *,
        share: float = 0.0,
        kinds: Sequence[Kind] | None = None,
        seed: int = 1,
        spared: Callable[[Message], bool] = lambda _: False,
    ) -> None:
        parts = urlsplit(address)
        self._address = parts
        self.share = Share(share, dialect.kinds if kinds is None else kinds, seed)
        server = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._proxy = FaultyProxy(server, dialect, self.share, spared)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name=f"faulty-{dialect}")
        self._listener: asyncio.Server | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._listener = self._do(asyncio.start_server(self._proxy.serve, "127.0.0.1", 0, limit=_LARGEST_HEAD))
        self.port = int(self._listener.sockets[0].getsockname()[1])
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """The server's address, with the link's port in place of the server's."""
        return urlunsplit(self._address._replace(netloc=f"127.0.0.1:{self.port}"))

    def slow_for(self, seconds: float) -> None:
        """How long what is slow or late is held back."""
        self._proxy.slow_seconds = seconds

    def down(self, out: bool) -> None:
        """Begin or end an outage: connections break, and new ones are taken and broken."""
        self._proxy.down = out
        if out:
            self._loop.call_soon_threadsafe(self._proxy.break_all)

    def _do(self, work: Coroutine[Any, Any, _Answer]) -> _Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _end(self) -> None:
        if self._listener is not None:
            self._listener.close()
        self._proxy.break_all()
        running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
