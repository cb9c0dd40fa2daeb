"""Confirmation tokens: whoever undoes a run has seen what that takes, as it still is.

A token names nothing: it is a keyed digest of the run, its generation, the entities and their counts, with the moment
at which it expires. The key is made once for an installation and stays in its storage.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import astuple, dataclass

import orjson

from shared.engine.clock import Clock
from shared.engine.undo.scope import Written
from shared.model.errors import Conflict
from shared.model.run import Run
from shared.ports.stores import SharedRows

VALID_SECONDS = 900

_KIND = "secret"
_NAME = "confirmation"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes tokens and knows them again."""

    rows: SharedRows
    clock: Clock

    async def issue(self, run: Run, scope: Iterable[Written]) -> tuple[str, int]:
        """A token for undoing ``scope`` of ``run``, and when it expires, in seconds since 1970."""
        expires = int(self.clock.seconds()) + VALID_SECONDS
        return await self._token(run, scope, expires), expires

    async def accept(self, token: str, run: Run, scope: Iterable[Written]) -> bool:
        """Whether ``token`` was issued for the very same, and not too long ago."""
        expires, _, _ = token.partition("-")
        if not expires.isascii() or not expires.isdigit() or int(expires) < self.clock.seconds():
            return False
        return hmac.compare_digest(token.encode(), (await self._token(run, scope, int(expires))).encode())

    async def _token(self, run: Run, scope: Iterable[Written], expires: int) -> str:
        told = orjson.dumps([run.run_id, run.epoch, [astuple(one) for one in scope], expires])
        return f"{expires}-{hmac.new(await self._key(), told, hashlib.sha256).hexdigest()}"

    async def _key(self) -> bytes:
        """The installation's key; the first who needs it makes it."""
        stored = await self.rows.read(_KIND, _NAME)
        if stored.value is None:
            value = {"key": secrets.token_hex(32)}
            try:
                await self.rows.write(_KIND, _NAME, value, None)
            except Conflict:
                return await self._key()
            return bytes.fromhex(value["key"])
        return bytes.fromhex(stored.value["key"])
