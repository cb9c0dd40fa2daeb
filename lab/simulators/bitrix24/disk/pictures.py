"""Pictures of people, groups and chats: addresses that nobody needs a secret for."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from lab.simulators.bitrix24.disk.contents import picture
from lab.simulators.bitrix24.lists import Row

_CDN = "https://cdn.example.com/"
_ADDRESS = re.compile(re.escape(_CDN) + r"[\w./-]+")
PATH = "/__cdn/"


@dataclass(slots=True)
class Pictures:
    """Off (``root`` None), the addresses lead nowhere; on, they lead to the portal at ``root``."""

    rows: Callable[[], list[Row]]
    root: str | None = None

    def served(self, body: bytes) -> bytes:
        """An answer with the addresses that it should have."""
        return body if self.root is None else body.replace(_CDN.encode(), f"{self.root}{PATH}".encode())

    def truth(self, entity: str) -> list[Row]:
        """``picture``: address, size in bytes, SHA-256 in hex. None while they are off."""
        if entity != "picture":
            raise KeyError(entity)
        found = [match[0] for row in self.rows() for value in row.values() for match in _matches(value)]
        if self.root is None:
            return []
        return [_row(address) for address in dict.fromkeys(found)]


def _matches(value: object) -> list[re.Match[str]]:
    match = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    return [match] if match else []


def _row(address: str) -> Row:
    body = picture(address.removeprefix(_CDN))
    return {"id": address, "size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
