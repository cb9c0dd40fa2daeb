"""A whole Portage on this machine: storage, simulated portal, gateway and function hosts, each a process of its own."""

import contextlib
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import httpx

from lab.api import Api
from lab.asking import ask_in_batch
from lab.azurite.server import AzuriteServer
from lab.processes import ROOT, Process, ProcessFailed, environment, free_port, log_tail, module, tied

Json = dict[str, Any]
_PLAN = "bitrix24_onprem"
_SAFE_SHARE = 0.8  # of the portal's burst: it is shared with whoever else calls from the same address


@dataclass(frozen=True, slots=True)
class Portal:
    """The simulated portal: how much is in it, and how it is limited.

    ``rate`` is in requests per second and ``burst`` in requests, as the portal's leaky bucket has them; ``page_ms`` is
    what one list page costs it. ``more`` are further arguments of its command line
    (``python -m lab.simulators.bitrix24 --help``): pictures, operating limits, changes while it is read, faults.
    """

    users: int = 300
    departments: int = 20
    groups: int = 25
    tasks: int = 0
    posts: int = 0
    chats: int = 0
    messages: int = 0
    workflows: int = 0
    deals: int = 0
    contacts: int = 0
    companies: int = 0
    smart_types: int = 0
    smart_items: int = 0
    rate: float = 2.0
    burst: int = 50
    page_ms: int = 0
    more: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """As the simulator's command line wants them."""
        named = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "more"}
        given = [part for name, value in named.items() for part in (f"--{name.replace('_', '-')}", str(value))]
        return [*given, *self.more]


UNLIMITED = Portal(rate=100_000.0, burst=100_000)


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets of one system, new each time and easy to recognise in a log."""

    webhook: str = field(default_factory=lambda: f"whk{secrets.token_hex(12)}", repr=False)
    import_code: str = field(default_factory=lambda: f"imp{secrets.token_hex(12)}", repr=False)
    function: str = field(default_factory=lambda: f"fnk{secrets.token_hex(12)}", repr=False)

    def all(self) -> tuple[str, ...]:
        """Every one of them."""
        return (self.webhook, self.import_code, self.function)


class System:
    """Starts and stops the parts. Logs and the gateway's store are in ``directory``; storage is in memory."""

    def __init__(
        self,
        directory: Path,
        portal: Portal,
        settings: Mapping[str, str] | None = None,
        gateway_settings: Mapping[str, str] | None = None,
    ) -> None:
        """``settings`` and ``gateway_settings`` come on top of those that connect the parts."""
        self.directory = directory
        self.keys = Keys()
        self.hosts: list[Process] = []
        self._portal_size = portal
        self._settings = dict(settings or {})
        self._gateway_settings = dict(gateway_settings or {})
        self.webhook_users = frozenset({"1"})
        self._ports: dict[str, int] = {name: free_port() for name in ("portal", "gateway")}
        self._azurite_log = directory / "logs" / "azurite.log"
        self._azurite = AzuriteServer(before_command=tied(()), log=self._azurite_log)
        self._portal: Process | None = None
        self._gateway: Process | None = None
        self._http = httpx.Client(timeout=120)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # The parts

    def start_storage(self) -> None:
        """Azurite, in memory."""
        self._azurite_log.parent.mkdir(parents=True, exist_ok=True)
        self._azurite.start()

    def start_portal(self) -> None:
        """The simulated portal, with the same people in it each time."""
        arguments = ["--port", str(self._ports["portal"]), "--webhook", f"1:{self.keys.webhook}", "--pictures"]
        self._portal = self._spawn(
            "portal", module("lab.simulators.bitrix24", *arguments, *self._portal_size.arguments())
        )
        self._portal.ready()

    def start_gateway(self) -> None:
        """The import gateway; after a stop it comes back on the same port with the same store."""
        settings = {
            "GATEWAY_PORT": str(self._ports["gateway"]),
            "GATEWAY_CODES": f"1:{self.keys.import_code}",
            "GATEWAY_STORE": f"sqlite:///{self.gateway_store}",
            "GATEWAY_MEDIA_DIR": str(self.directory / "media"),
            **self._gateway_settings,
        }
        self._gateway = self._spawn("gateway", module("gateway"), settings)
        self._gateway.ready()

    def start_host(self, app: Path = ROOT) -> Process:
        """One more function host on the same storage, with the app of a folder."""
        name = f"host-{len(self.hosts) + 1}"
        command = module("lab.devhost", "--app", str(app), "--port", str(free_port()))
        host = self._spawn(name, command, self.app_settings)
        self.hosts.append(host)
        host.ready()
        return host

    def start(self, hosts: int = 1) -> Self:
        """Everything, in order."""
        self.start_storage()
        self.start_portal()
        self.start_gateway()
        for _ in range(hosts):
            self.start_host()
        return self

    def stop_gateway(self) -> None:
        """An outage of the target."""
        if self._gateway is not None:
            self._gateway.stop()

    def stop_portal(self) -> None:
        """An outage of the source."""
        if self._portal is not None:
            self._portal.stop()

    def must_be_alive(self) -> None:
        """Raises ProcessFailed, with the end of its log, when a part that was started has ended."""
        if (code := self._azurite.exit_code) is not None:
            raise ProcessFailed(f"azurite ended with code {code}\n{log_tail(self._azurite_log)}")
        for process in self._processes():
            process.must_be_alive()

    def close(self) -> None:
        """Stop everything that was started, storage last."""
        for process in self._processes():
            process.stop()
        self._azurite.stop()
        self._http.close()

    def _processes(self) -> list[Process]:
        return [process for process in (*self.hosts, self._gateway, self._portal) if process is not None]

    # What the parts need to know of each other

    @property
    def portal_url(self) -> str:
        """Root of the simulated portal."""
        return f"http://127.0.0.1:{self._ports['portal']}"

    @property
    def gateway_url(self) -> str:
        """The gateway's webhook address; a secret, like the real one."""
        return f"http://127.0.0.1:{self._ports['gateway']}/webhook/1/{self.keys.import_code}"

    @property
    def gateway_store(self) -> Path:
        """The gateway's SQLite file."""
        return self.directory / "gateway.sqlite"

    @property
    def storage(self) -> str:
        """Connection string of the storage account."""
        return self._azurite.connection_string

    @property
    def app_settings(self) -> dict[str, str]:
        """The environment of a function host."""
        return {
            "AzureWebJobsStorage": self.storage,
            "PORTAGE_BITRIX24_WEBHOOK_URLS": f"{self.portal_url}/rest/1/{self.keys.webhook}/",
            "PORTAGE_GATEWAY_URL": self.gateway_url,
            "PORTAGE_SOURCE_RATE": str(self._portal_size.rate),
            "PORTAGE_SOURCE_BURST": str(int(self._portal_size.burst * _SAFE_SHARE)),
            "PORTAGE_FUNCTION_KEY": self.keys.function,
            "PORTAGE_DATA_DIR": str(self.directory),
            **self._settings,
        }

    @property
    def client_settings(self) -> dict[str, str]:
        """The environment of a command line that talks to the first host."""
        return {"PORTAGE_URL": self.hosts[0].ready(), "PORTAGE_FUNCTION_KEY": self.keys.function}

    def api(self, host: int = 0) -> Api:
        """The run API of one host."""
        return Api(self.hosts[host].ready(), self.keys.function)

    # The far ends, looked at without Portage

    def stats(self) -> Json:
        """What the portal counted: calls, refusals, writes."""
        answer: Json = self._json(self._http.get(f"{self.portal_url}/__sim/stats"))
        return answer

    def truth(self, entity: str) -> list[Json]:
        """What the portal holds, as the simulator knows it."""
        answer: list[Json] = self._json(self._http.get(f"{self.portal_url}/__sim/truth/{entity}"))
        return answer

    def journal(self) -> list[Json]:
        """What has changed in the portal by itself: ``{"entity", "id", "what": "added"|"changed"|"deleted", "at"}``."""
        answer: list[Json] = self._json(self._http.get(f"{self.portal_url}/__sim/journal"))
        return answer

    def gateway(self, method: str, body: Json) -> Json:
        """Ask the gateway (contract §4)."""
        answer: Json = self._json(self._http.post(f"{self.gateway_url}/{method}", json=body))
        return answer

    def gateway_media(self, media_id: str) -> bytes:
        """The bytes of one media object (contract §3)."""
        answer = self._http.post(f"{self.gateway_url}/import.media.get", json={"media_id": media_id})
        return answer.raise_for_status().content

    def ask_portal(self, method: str, each: list[Json]) -> list[Json | None]:
        """One call of a read method for each of up to 50 arguments, as the webhook's user; None where it is refused."""
        return ask_in_batch(self._http, f"{self.portal_url}/rest/1/{self.keys.webhook}", method, each)

    def written(self) -> frozenset[str]:
        """Entities that the plan writes to the target, as a host that still runs tells it."""
        api = self.api(next(number for number, host in enumerate(self.hosts) if host.alive))
        plan = api.get(f"/plans/{_PLAN}").raise_for_status().json()
        api.close()
        return frozenset(one["name"] for one in plan["entities"] if not one["archive_only"])

    def applied_writes(self) -> int:
        """How many versions of records the gateway's history holds: one for each write that changed something."""
        return int(self._history("SELECT count(*) FROM versions")[0][0])

    def repeated_writes(self) -> list[tuple[str, str]]:
        """(entity, source id) of every record that the gateway took the same content for more than once."""
        query = "SELECT entity, source_id FROM versions GROUP BY entity, source_id, written HAVING count(*) > 1"
        return [(str(entity), str(source_id)) for entity, source_id in self._history(query)]

    def _history(self, query: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(f"file:{self.gateway_store}?mode=ro", uri=True)) as store:
            return store.execute(query).fetchall()

    @staticmethod
    def _json(answer: httpx.Response) -> Any:
        answer.raise_for_status()
        return answer.json()

    @property
    def logs(self) -> list[Path]:
        """Every process's log."""
        return sorted((self.directory / "logs").glob("*.log"))

    def _spawn(self, name: str, command: list[str], settings: Mapping[str, str] | None = None) -> Process:
        return Process(name, command, log_dir=self.directory / "logs", env=environment(settings or {}))
