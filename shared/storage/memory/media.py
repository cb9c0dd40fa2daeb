"""Files in memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from shared.model.errors import Conflict
from shared.ports.stores import StoredFile

_BLOCK = 4 * 1024 * 1024


@dataclass(slots=True)
class MemoryMediaStore:
    """See ``shared.ports.stores.MediaStore``."""

    _files: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    async def write(self, name: str, content: AsyncIterator[bytes], content_type: str) -> None:
        """Write a file."""
        written = bytearray()
        async for chunk in content:
            written += chunk
        self._files[name] = (bytes(written), content_type)

    async def read(self, name: str) -> AsyncIterator[bytes]:
        """The file in blocks. Raises KeyError when there is none, Conflict when it is replaced."""
        file = self._files[name]
        content, _ = file
        for start in range(0, len(content), _BLOCK):
            if self._files.get(name) is not file:
                raise Conflict(name)
            yield content[start : start + _BLOCK]

    async def find(self, name: str) -> StoredFile | None:
        """Size and type, or None."""
        if name not in self._files:
            return None
        content, content_type = self._files[name]
        return StoredFile(len(content), content_type)

    async def delete(self, name: str) -> None:
        """Remove a file."""
        self._files.pop(name, None)
