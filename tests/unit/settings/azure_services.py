"""App Configuration and Key Vault as their REST protocols have them, on this machine, with TLS and bearer tokens."""

import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self

from aiohttp import web
from azure.core.credentials import AccessToken

from tests.unit.certificates import own_certificate

TOKEN = "token-of-the-test"
REFERENCE = "application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8"
FLAG = "application/vnd.microsoft.appconfig.ff+json;charset=utf-8"
PAGE = 2
"""Settings to a page: few, so that readers have to turn pages."""


class StaticCredential:
    """Who has the token already."""

    def __init__(self) -> None:
        self.scopes: set[str] = set()

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes |= set(scopes)
        return AccessToken(TOKEN, int(time.time()) + 3600)

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


@dataclass
class AzureServices:
    """Both services at one address. ``failing`` is a status that everything is answered with instead."""

    certificate: Path
    settings: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Key → (value, content type)."""
    secrets: dict[str, list[str]] = field(default_factory=dict)
    """Name → values, the newest last."""
    failing: int | None = None
    reads: int = 0
    url: str = ""

    def set(self, **settings: str) -> None:
        """Plain settings."""
        self.settings |= {key: (value, "") for key, value in settings.items()}

    def refer(self, key: str, secret: str) -> None:
        """A setting that stands in the vault."""
        self.settings[key] = (json.dumps({"uri": f"{self.url}/secrets/{secret}"}), REFERENCE)

    def flag(self, name: str, *, enabled: bool) -> None:
        """A feature flag."""
        document = {"id": name, "enabled": enabled, "conditions": {"client_filters": []}}
        self.settings[f".appconfig.featureflag/{name}"] = (json.dumps(document), FLAG)

    def keep(self, name: str, value: str) -> None:
        """A new version of a secret."""
        self.secrets.setdefault(name, []).append(value)

    async def key_values(self, request: web.Request) -> web.Response:
        """``GET /kv``."""
        if refusal := self._refusal(request):
            return refusal
        wanted, first = request.query["key"], int(request.query.get("after", "0"))
        if request.query.get("label") != "\0":
            return _json({"title": "this store is read without labels"}, status=400)
        found = [self._key_value(key) for key in sorted(self.settings) if fnmatchcase(key, wanted)]
        body: dict[str, Any] = {"items": found[first : first + PAGE]}
        if len(found) > first + PAGE:
            query = request.rel_url.update_query(after=str(first + PAGE))
            body["@nextLink"] = str(query)
        return _json(body, "application/vnd.microsoft.appconfig.kvset+json")

    async def secret(self, request: web.Request) -> web.Response:
        """``GET /secrets/{name}`` and ``GET /secrets/{name}/{version}``."""
        if refusal := self._refusal(request):
            return refusal
        name, version = request.match_info["name"], request.match_info.get("version")
        values = self.secrets.get(name, [])
        number = int(version) if version else len(values)
        if not 0 < number <= len(values):
            return _json({"error": {"code": "SecretNotFound", "message": "not found"}}, status=404)
        return _json(
            {"value": values[number - 1], "id": f"{self.url}/secrets/{name}/{number}", "attributes": {"enabled": True}}
        )

    def _key_value(self, key: str) -> dict[str, Any]:
        value, content_type = self.settings[key]
        return {
            "key": key,
            "label": None,
            "content_type": content_type,
            "value": value,
            "last_modified": "2026-01-01T10:00:00+00:00",
            "locked": False,
            "tags": {},
            "etag": "e1",
        }

    def _refusal(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            challenge = 'Bearer authorization="https://login.example/tenant", resource="https://vault.example"'
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        self.reads += 1
        if self.failing:
            return _json({"error": {"code": "Odd", "message": "a secret that nobody may see"}}, status=self.failing)
        return None


def _json(body: Any, content_type: str = "application/json", status: int = 200) -> web.Response:
    return web.Response(status=status, body=json.dumps(body).encode(), content_type=content_type)


@asynccontextmanager
async def azure_services(directory: Path) -> AsyncIterator[AzureServices]:
    """Both, running meanwhile; ``certificate`` is what clients have to trust."""
    certificate, key = own_certificate(directory)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    services = AzureServices(certificate)
    application = web.Application()
    application.router.add_get("/kv", services.key_values)
    application.router.add_get("/secrets/{name}", services.secret)
    application.router.add_get("/secrets/{name}/", services.secret)
    application.router.add_get("/secrets/{name}/{version}", services.secret)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    services.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield services
    finally:
        await runner.cleanup()
