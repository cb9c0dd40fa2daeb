"""A system of which every link between two parts goes through a faulty proxy."""

import os
import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from lab.azurite.server import AzuriteServer
from lab.faults import Dialect, FaultyLink
from lab.processes import ROOT, Process, ProcessFailed
from lab.system import Portal, System

_ENDPOINT = re.compile(r"(Blob|Queue|Table)Endpoint=([^;]+);")
_STARTS = 5
_SHARES = {Dialect.BLOB: 2.0, Dialect.QUEUE: 1.6, Dialect.TABLE: 1.6, Dialect.PORTAL: 2.5, Dialect.GATEWAY: 3.0}
"""How much more than the least share is drawn: the fewer the requests, the more of them has to be aimed at."""


class HarshSystem(System):
    """Storage, portal and gateway are reached by the hosts through ``links`` alone; whoever judges goes straight."""

    def __init__(
        self, directory: Path, portal: Portal, settings: Mapping[str, str], *, share: float, seed: int
    ) -> None:
        """At least ``share`` of the requests on every link go wrong, as ``seed`` has it."""
        super().__init__(directory, portal, settings)
        self.links: dict[Dialect, FaultyLink] = {}
        self._share = share
        self._seed = seed
        self._opened = ExitStack()

    def start_links(self) -> None:
        """Open every link. Storage has to run."""
        addresses = {Dialect[kind.upper()]: address for kind, address in _ENDPOINT.findall(self.storage)}
        addresses |= {Dialect.PORTAL: self.portal_url, Dialect.GATEWAY: self.gateway_url}
        for place, (dialect, address) in enumerate(addresses.items()):
            link = FaultyLink(address, dialect, seed=self._seed * 100 + place)
            self.links[dialect] = self._opened.enter_context(link)
        self.spoil()

    def start(self, hosts: int = 1) -> "HarshSystem":
        """Everything, in order."""
        self.start_storage()
        self.start_links()
        self.start_portal()
        self.start_gateway()
        for _ in range(hosts):
            self.start_host()
        return self

    def start_portal(self) -> None:
        """The portal, which sends those who want a file to its link, too."""
        more = (*self._portal_size.more, "--public-url", self.links[Dialect.PORTAL].url)
        self._portal_size = replace(self._portal_size, more=more)
        super().start_portal()

    def start_host(self, app: Path = ROOT) -> Process:
        """One more host; one that does not come up over a bad link is started again, as any platform does."""
        for _ in range(_STARTS):
            try:
                return super().start_host(app)
            except ProcessFailed:
                self.hosts.pop().kill()
        return super().start_host(app)

    def close(self) -> None:
        """Stop everything that was started."""
        self.resume_storage()
        super().close()
        self._opened.close()

    @property
    def app_settings(self) -> dict[str, str]:
        """The environment of a function host: everything lies behind a link."""
        portal, gateway = self.links[Dialect.PORTAL], self.links[Dialect.GATEWAY]
        return {
            **super().app_settings,
            "AzureWebJobsStorage": _ENDPOINT.sub(self._behind, self.storage),
            "PORTAGE_BITRIX24_WEBHOOK_URLS": f"{portal.url}/rest/1/{self.keys.webhook}/",
            "PORTAGE_GATEWAY_URL": gateway.url,
        }

    def _behind(self, endpoint: re.Match[str]) -> str:
        return f"{endpoint[1]}Endpoint={self.links[Dialect[endpoint[1].upper()]].url};"

    # What may happen to it

    @property
    def running(self) -> list[Process]:
        """Hosts that live."""
        return [host for host in self.hosts if host.alive]

    def kill_gateway(self) -> None:
        """SIGKILL: what it had committed is in its store."""
        if self._gateway is not None:
            self._gateway.kill()

    def pause_storage(self) -> None:
        """Azurite takes connections and answers nothing, until ``resume_storage``."""
        os.kill(self._azurite.pid, signal.SIGSTOP)

    def resume_storage(self) -> None:
        """It goes on where it was. Harmless when it was not paused, or does not run."""
        if self._started(self._azurite):
            os.kill(self._azurite.pid, signal.SIGCONT)

    def spare(self) -> None:
        """No fault on the links from now on."""
        for link in self.links.values():
            link.share.share = 0.0

    def spoil(self) -> None:
        """Faults as from the beginning."""
        for dialect, link in self.links.items():
            link.share.share = self._share * _SHARES[dialect]

    def faults(self) -> Iterator[tuple[str, dict[str, int]]]:
        """(link, requests by the fault that hit them; those that none hit are ``well``)."""
        for dialect, link in self.links.items():
            hit = {kind.value: count for kind, count in link.share.counted.items()}
            yield dialect.value, {"well": link.share.requests - sum(hit.values()), **hit}

    @staticmethod
    def _started(azurite: AzuriteServer) -> bool:
        try:
            return azurite.pid > 0 and azurite.exit_code is None
        except RuntimeError:
            return False

    def switch_portal(self, **mode: float) -> None:
        """Switch what the simulated portal does by itself (see its ``/__sim/mode``)."""
        self._http.post(f"{self.portal_url}/__sim/mode", json=mode).raise_for_status()

    def created(self) -> dict[str, int]:
        """By entity: how many records the gateway's history says that it created."""
        query = "SELECT entity, count(*) FROM versions WHERE action = 'created' GROUP BY entity"
        return {str(entity): int(count) for entity, count in self._history(query)}
