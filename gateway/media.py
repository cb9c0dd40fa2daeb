"""Media on disk, found by id, kept once per content (contract §3)."""

import asyncio
import hashlib
import os
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.errors import CallError
from gateway.paging import cut, page_of
from gateway.settings import SettingsError
from gateway.store import Store

_KEY = re.compile(r"(?:[!-$&-~]|%[0-9A-Fa-f]{2})+")
_LONGEST_KEY = 512
_CHECKSUM = re.compile(r"[0-9a-f]{64}")
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}(?:[ \t]*;[ -~]{0,200})?")


@dataclass(frozen=True, slots=True)
class File:
    """What a client says of a file it sends."""

    key: str
    checksum: str
    type: str

    @staticmethod
    def parse(key: str, checksum: str, content_type: str) -> "File":
        """From the headers of a call. Raises CallError MALFORMED."""
        if not _KEY.fullmatch(key) or len(key) > _LONGEST_KEY:
            raise CallError("MALFORMED", f"X-Media-Key must be percent-encoded ASCII of 1 to {_LONGEST_KEY} characters")
        if not _CHECKSUM.fullmatch(checksum.lower()):
            raise CallError("MALFORMED", "X-Checksum-Sha256 must be 64 hexadecimal digits")
        if not _TYPE.fullmatch(content_type):
            raise CallError("MALFORMED", "Content-Type must be a media type")
        return File(key, checksum.lower(), content_type)


@dataclass(frozen=True, slots=True)
class Media:
    """Files are named by their checksum; the table says which key shows which file. ``max_bytes`` is for one file."""

    store: Store
    folder: Path
    max_bytes: int

    def prepare(self) -> None:
        """Make the folder, and sweep away what uploads left that a crash cut off. Raises SettingsError."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for part in self.folder.glob("*.part"):
                part.unlink()
        except OSError as error:
            raise SettingsError(f"GATEWAY_MEDIA_DIR cannot be used: {error.strerror}") from None

    async def put(self, file: File, body: AsyncIterator[bytes]) -> dict[str, Any]:
        """Store a body as it comes. Raises CallError MALFORMED or BATCH_TOO_LARGE."""
        part = self.folder / f"{uuid.uuid4().hex}.part"
        try:
            size = await self._receive(file, body, part)
            return await asyncio.to_thread(self._keep, file, size, part)
        finally:
            part.unlink(missing_ok=True)

    def get(self, body: dict[str, Any]) -> tuple[Path, str, str]:
        """(file, checksum, content type). Raises CallError MALFORMED for an unknown id, UNAVAILABLE for a lost file."""
        media_id = body.get("media_id")
        with self.store.reading() as db:
            query = "SELECT checksum, type FROM media WHERE media_id = ?"
            row = db.execute(query, (media_id,)).fetchone() if isinstance(media_id, str) else None
        if row is None:
            raise CallError("MALFORMED", "there is no such media_id")
        path = self.folder / row[0]
        if not path.is_file():
            raise CallError("UNAVAILABLE", "the file is not there")
        return path, row[0], row[1]

    def list(self, body: dict[str, Any]) -> dict[str, Any]:
        """A page in order of keys."""
        after, limit = page_of(body)
        query = "SELECT media_id, key, size, checksum FROM media WHERE key > ? ORDER BY key LIMIT ?"
        with self.store.reading() as db:
            found = db.execute(query, (after, limit + 1)).fetchall()
        rows, following = cut(found, limit, lambda row: str(row[1]))
        items = [dict(zip(("media_id", "key", "size", "checksum"), row, strict=True)) for row in rows]
        return {"items": items, "next": following}

    async def _receive(self, file: File, body: AsyncIterator[bytes], part: Path) -> int:
        digest, size = hashlib.sha256(), 0
        with part.open("wb") as target:
            async for chunk in body:
                size += len(chunk)
                if size > self.max_bytes:
                    raise CallError("BATCH_TOO_LARGE", f"a file may have {self.max_bytes} bytes")
                digest.update(chunk)
                target.write(chunk)
            target.flush()
            await asyncio.to_thread(os.fsync, target.fileno())
        if digest.hexdigest() != file.checksum:
            raise CallError("MALFORMED", "the body does not match X-Checksum-Sha256")
        return size

    def _keep(self, file: File, size: int, part: Path) -> dict[str, Any]:
        with self.store.transaction() as db:
            known = db.execute("SELECT media_id, checksum FROM media WHERE key = ?", (file.key,)).fetchone()
            media_id = known[0] if known else f"m{uuid.uuid4().hex}"
            part.replace(self.folder / file.checksum)
            row = (media_id, file.key, size, file.checksum, file.type)
            query = (
                "INSERT INTO media VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) "
                "DO UPDATE SET size = excluded.size, checksum = excluded.checksum, type = excluded.type"
            )
            db.execute(query, row)
        same = known is not None and known[1] == file.checksum
        if known is not None and not same:
            self._forget(known[1])
        action = "unchanged" if same else "replaced" if known else "created"
        return {"media_id": media_id, "size": size, "checksum": file.checksum, "action": action}

    def _forget(self, checksum: str) -> None:
        with self.store.transaction() as db:
            if db.execute("SELECT 1 FROM media WHERE checksum = ?", (checksum,)).fetchone() is None:
                (self.folder / checksum).unlink(missing_ok=True)
