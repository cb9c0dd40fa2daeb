"""An app without any secret in its environment: by which identity it goes to each service that it composes.

The platform's token endpoint is played on this machine; its tokens name who asked and for what, so that each service
shows by whom it was called.
"""

import asyncio
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from lab.processes import ROOT, environment
from tests.unit.certificates import own_certificate

SCRIPT = """
import asyncio, json
from composition.app import current

async def main():
    app = await current()
    for asked in (
        app.stores.shared.read("doctor", "probe"),
        app.stores.archive.names("raw/none"),
        app.stores.queue.length("extract"),
    ):
        try:
            await asked
        except Exception:
            pass
    print(json.dumps({"rate": app.configuration.settings.source_rate, "rows": app.configuration.rows}))

asyncio.run(main())
"""


@dataclass
class Cloud:
    """What the app called: the bearer token by the first part of the path."""

    certificate: Path
    tokens: str = ""
    services: str = ""
    called_by: dict[str, str] = field(default_factory=dict)

    async def token(self, request: web.Request) -> web.Response:
        who = request.query.get("client_id", "the app itself")
        expires = str(int(time.time()) + 3600)
        resource = request.query["resource"]
        return web.json_response(
            {
                "access_token": f"{who} for {resource}",
                "expires_on": expires,
                "resource": resource,
                "token_type": "Bearer",
            }
        )

    async def service(self, request: web.Request) -> web.Response:
        name = request.path.split("/")[1]
        self.called_by[name] = request.headers.get("Authorization", "nobody").removeprefix("Bearer ")
        if name == "kv":
            rate = {"key": "PORTAGE_SOURCE_RATE", "value": "7", "content_type": "", "label": None, "tags": {}}
            return web.json_response({"items": [rate] if request.query["key"] == "PORTAGE_*" else []})
        return web.Response(status=404)

    async def run_app(self, settings: dict[str, str]) -> dict[str, object]:
        """Compose the app in a process of its own; what it says of its settings."""
        env = environment(
            {
                "IDENTITY_ENDPOINT": f"{self.tokens}/token",
                "IDENTITY_HEADER": "header-of-the-platform",
                "SSL_CERT_FILE": str(self.certificate),
                "PORTAGE_APP_CONFIG_ENDPOINT": self.services,
                "PYTHONPATH": str(ROOT),
                **settings,
            }
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SCRIPT, env=env, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        told: dict[str, object] = json.loads(output)
        return told


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    certificate, key = own_certificate(tmp_path)
    cloud = Cloud(certificate)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    application = web.Application()
    application.router.add_get("/token", cloud.token)
    application.router.add_route("*", "/{path:.*}", cloud.service)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    plain, encrypted = (address[1] for address in runner.addresses)
    cloud.tokens, cloud.services = f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{encrypted}"
    yield cloud
    await runner.cleanup()


def account(cloud: Cloud, connection: str, *services: str, **more: str) -> dict[str, str]:
    """The settings of a connection by identity; each service is at a path of its own."""
    found = {f"{connection}__{one}ServiceUri": f"{cloud.services}/{connection}-{one}" for one in services}
    return found | {f"{connection}__{name}": value for name, value in more.items()}


async def test_each_service_is_called_by_the_identity_that_its_settings_name(cloud: Cloud) -> None:
    here = account(cloud, "AzureWebJobsStorage", "blob", "queue", "table", clientId="id-of-the-app")
    raw = account(cloud, "PORTAGE_STORAGE", "blob", clientId="id-of-raw", credential="managedidentity")
    told = await cloud.run_app({**here, **raw, "AZURE_CLIENT_ID": "id-of-the-rest"})
    storage = "for https://storage.azure.com"
    assert cloud.called_by == {
        "AzureWebJobsStorage-table": f"id-of-the-app {storage}",
        "AzureWebJobsStorage-queue": f"id-of-the-app {storage}",
        "PORTAGE_STORAGE-blob": f"id-of-raw {storage}",
        "kv": "id-of-the-rest for https://appconfig.azure.com",
    }
    assert told["rate"] == 7.0


async def test_without_a_name_the_identity_is_the_apps_own(cloud: Cloud) -> None:
    told = await cloud.run_app(account(cloud, "AzureWebJobsStorage", "blob", "queue", "table"))
    assert cloud.called_by["AzureWebJobsStorage-blob"] == "the app itself for https://storage.azure.com"
    assert "set (hidden)" not in json.dumps(told)


def test_nothing_of_the_identity_sdk_is_imported_for_a_connection_string() -> None:
    code = "import sys, composition.app; print([n for n in sys.modules if n.startswith(('azure.identity', 'msal'))])"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
