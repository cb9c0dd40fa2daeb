"""Signed addresses of files: each is good for one file, and for a while."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Signer:
    """``ttl`` in seconds. ``clock`` is Unix time."""

    ttl: float = 60.0
    clock: Callable[[], float] = time.time
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)

    def token(self, kind: str, file: int) -> str:
        """``kind`` is ``disk`` or ``im``: which method gave it out."""
        said = f"id={file}&until={self.clock() + self.ttl:.3f}&_={secrets.token_urlsafe(6)}"
        return f"{kind}|{base64.urlsafe_b64encode(said.encode()).decode()}|{self._sign(said)}"

    def file(self, token: str) -> int | None:
        """Whose address this is; None when it was not signed here or is too old."""
        try:
            _, packed, signature = token.split("|")
            said = base64.urlsafe_b64decode(packed).decode()
        except ValueError:
            return None
        if not hmac.compare_digest(signature.encode(), self._sign(said).encode()):
            return None
        values = dict(part.split("=", 1) for part in said.split("&"))
        return int(values["id"]) if self.clock() < float(values["until"]) else None

    def _sign(self, said: str) -> str:
        return base64.urlsafe_b64encode(hmac.digest(self._key, said.encode(), hashlib.sha256)).decode()
