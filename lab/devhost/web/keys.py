"""Function keys: who may call what."""

from __future__ import annotations

import hashlib
import hmac

from aiohttp import web


class Keys:
    """Checks the key of a request. With no function key configured every request passes, as in a local tool."""

    def __init__(self, function_key: str | None) -> None:
        self._function_key = function_key

    @property
    def system_key(self) -> str | None:
        """The durable extension's key: stable for one function key, and not the function key itself."""
        if self._function_key is None:
            return None
        return hmac.new(self._function_key.encode(), b"durabletask_extension", hashlib.sha256).hexdigest()

    def allows(self, request: web.Request, level: str) -> bool:
        """Whether `request` may call a function of this auth level (`ANONYMOUS`, `FUNCTION` or `ADMIN`)."""
        if level.upper() == "ANONYMOUS" or self._function_key is None:
            return True
        return _same(_presented(request), self._function_key)

    def allows_management(self, request: web.Request) -> bool:
        """Whether `request` may use the durable management API."""
        if self._function_key is None:
            return True
        key = _presented(request)
        return _same(key, self.system_key or "") or _same(key, self._function_key)


def _presented(request: web.Request) -> str:
    return request.headers.get("x-functions-key") or request.query.get("code") or ""


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())
