"""Opening stores that forget everything when the process ends."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.ports.stores import Stores
from shared.storage.memory.ledger import MemoryLedger
from shared.storage.memory.media import MemoryMediaStore
from shared.storage.memory.rows import (
    MemoryDeadLetters,
    MemoryIdMaps,
    MemoryRunStore,
    MemorySharedRows,
    MemoryTombstones,
)


@dataclass(slots=True)
class MemoryArchive:
    """See ``shared.ports.stores.Archive``."""

    _blobs: dict[str, bytes] = field(default_factory=dict)

    async def put(self, name: str, content: bytes) -> None:
        """Write a blob."""
        self._blobs[name] = content

    async def get(self, name: str) -> bytes:
        """Read a blob. Raises KeyError when there is none."""
        return self._blobs[name]

    async def names(self, prefix: str) -> list[str]:
        """Names that begin with ``prefix``, sorted."""
        return sorted(name for name in self._blobs if name.startswith(prefix))


@dataclass(slots=True)
class MemoryWorkQueue:
    """See ``shared.ports.stores.WorkQueue``; ``take`` plays the Functions host."""

    _messages: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    async def send(self, queue: str, messages: Sequence[str], *, delay: float = 0.0) -> None:
        """Add messages; the double knows no delay."""
        self._messages[queue].extend(messages)

    async def length(self, queue: str) -> int:
        """How many messages there are."""
        return len(self._messages.get(queue, ()))

    async def clear(self, queue: str) -> None:
        """Delete all messages."""
        self._messages.pop(queue, None)

    def take(self, queue: str) -> list[str]:
        """All waiting messages; they are gone then."""
        return self._messages.pop(queue, [])


def open_memory_stores() -> Stores:
    """Empty stores."""
    return Stores(
        runs=MemoryRunStore(),
        ledger=MemoryLedger(),
        archive=MemoryArchive(),
        media=MemoryMediaStore(),
        dead_letters=MemoryDeadLetters(),
        tombstones=MemoryTombstones(),
        queue=MemoryWorkQueue(),
        shared=MemorySharedRows(),
        idmaps=MemoryIdMaps(),
    )
