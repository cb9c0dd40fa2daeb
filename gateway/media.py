"""Media on disk, found by id, kept once per key (contract §3)."""

import hashlib
import os
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.errors import CallError
from gateway.store import Store

_KEY = re.compile(r"^[\x21-\x7e]{1,512}$")
_MOST_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Media:
    """Files are named by their checksum; the table says which key shows which file."""

    store: Store
    folder: Path
    max_bytes: int

    async def put(self, key: str, checksum: str, kind: str, body: AsyncIterator[bytes]) -> dict[str, Any]:
        """Store a body under a key. Raises CallError MALFORMED or BATCH_TOO_LARGE."""
        if not _KEY.match(key):
            raise CallError("MALFORMED", "X-Media-Key must be 1 to 512 printable ASCII characters")
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{uuid.uuid4().hex}.part"
        digest, size = hashlib.sha256(), 0
        try:
            with part.open("wb") as file:
                async for chunk in body:
                    size += len(chunk)
                    if size > self.max_bytes:
                        raise CallError("BATCH_TOO_LARGE", f"a file may have {self.max_bytes} bytes")
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            if digest.hexdigest() != checksum.lower():
                raise CallError("MALFORMED", "the body does not match X-Checksum-Sha256")
            part.replace(self.folder / digest.hexdigest())
        finally:
            part.unlink(missing_ok=True)
        return self._register(key, digest.hexdigest(), size, kind)

    def get(self, media_id: Any) -> tuple[Path, str, str]:
        """(file, checksum, content type). Raises CallError MALFORMED for an unknown id."""
        with self.store.reading() as db:
            row = db.execute("SELECT checksum, type FROM media WHERE media_id = ?", (str(media_id),)).fetchone()
        if row is None:
            raise CallError("MALFORMED", "there is no such media_id")
        return self.folder / row[0], row[0], row[1]

    def list(self, body: dict[str, Any]) -> dict[str, Any]:
        """A page in order of keys."""
        position, limit = body.get("after") or "", body.get("limit", _MOST_LISTED)
        if not isinstance(position, str) or not isinstance(limit, int) or not 0 < limit <= _MOST_LISTED:
            raise CallError("MALFORMED", f"expected after as text and limit from 1 to {_MOST_LISTED}")
        query = "SELECT media_id, key, size, checksum FROM media WHERE key > ? ORDER BY key LIMIT ?"
        with self.store.reading() as db:
            rows = db.execute(query, (position, limit)).fetchall()
        items = [dict(zip(("media_id", "key", "size", "checksum"), row, strict=True)) for row in rows]
        return {"items": items, "next": items[-1]["key"] if len(items) == limit else None}

    def _register(self, key: str, checksum: str, size: int, kind: str) -> dict[str, Any]:
        with self.store.transaction() as db:
            known = db.execute("SELECT media_id, checksum FROM media WHERE key = ?", (key,)).fetchone()
            if known and known[1] == checksum:
                return {"media_id": known[0], "size": size, "checksum": checksum, "action": "unchanged"}
            media_id = known[0] if known else f"m{uuid.uuid4().hex}"
            db.execute("INSERT OR REPLACE INTO media VALUES (?, ?, ?, ?, ?)", (media_id, key, size, checksum, kind))
        action = "replaced" if known else "created"
        return {"media_id": media_id, "size": size, "checksum": checksum, "action": action}
