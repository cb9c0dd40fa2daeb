"""Watching a system from outside while it works, so that watching costs it no storage transaction."""

import contextlib
import re
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from lab.api import Api
from lab.system import System

_INTERVAL_SECONDS = 0.1
_TRANSACTIONS = re.compile(r"^portage_storage_transactions_total\{[^}]*\} (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sample:
    """One look. ``at`` is in seconds on the monotonic clock; all others only grow.

    ``requests`` is what the portal answered, ``arrived`` how many records the gateway holds, ``transactions`` what the
    app's own storage clients counted.
    """

    at: float
    requests: int
    arrived: int
    transactions: int


class Sampler:
    """Looks ten times a second for as long as the context is open."""

    def __init__(self, system: System, entities: tuple[str, ...]) -> None:
        self.samples: list[Sample] = []
        self._system = system
        self._entities = entities
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        api = self._system.api()
        while not self._ended.wait(_INTERVAL_SECONDS):
            try:
                self.samples.append(self._look(api))
            except httpx.TransportError:
                continue  # a busy second of a part; the next look tells
        with contextlib.suppress(httpx.TransportError):  # of a part that has ended; who waits for the run tells
            self.samples.append(self._look(api))
        api.close()

    def _look(self, api: Api) -> Sample:
        requests = int(self._system.stats()["requests"])
        arrived = sum(int(self._system.gateway("import.count", {"entity": name})["count"]) for name in self._entities)
        return Sample(time.monotonic(), requests, arrived, storage_transactions(api))


def storage_transactions(api: Api) -> int:
    """Storage transactions of one host since its start, over all services."""
    return sum(int(float(value)) for value in _TRANSACTIONS.findall(api.get("/metrics").text))


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of a series of samples in which one value grew."""

    first: Sample
    last: Sample

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.last.at - self.first.at


def growth(samples: list[Sample], name: str, *, beyond: int = 0) -> Window:
    """From the last sample before ``name`` grew (past ``beyond`` more) to the first with its final value."""
    start = getattr(samples[0], name) + beyond
    end = getattr(samples[-1], name)
    first = next((one for one in reversed(samples) if getattr(one, name) <= start), samples[0])
    last = next(one for one in samples if getattr(one, name) == end)
    return Window(first, last)
