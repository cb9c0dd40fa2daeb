"""What the demo does and says, step by step."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
from rich.console import Console

from lab.api import Json, totals
from lab.demo.tables import travelling
from lab.demo.wording import comparison, remarks, where_to_look
from lab.processes import ROOT, ProcessFailed, environment, module, tied
from lab.proof import Compared, compare
from lab.system import System

_PLAN = "bitrix24_onprem"
_SHOWN_DIFFERENCES = 5
_RUN_SECONDS = 900
_POLL_SECONDS = 0.1


class Show:
    """The demo on one system: start it, migrate twice, compare, say what happened."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._console = Console(highlight=False)
        self._times: dict[str, float] = {}

    def run(self) -> bool:
        """True when everything arrived, nothing was written to the portal and the second run sent nothing."""
        self._start()
        first = self._migrate("first run")
        compared, sound = self._compare()
        second = self._migrate("second run")
        quiet = self._say_second(second)
        done = first["state"] == "completed" and sound and quiet
        self._write_verdict(done, first, second, compared)
        self._say_verdict(done)
        return done

    def failed(self, message: str) -> None:
        """Say what went wrong."""
        self._console.print("\n[bold red]The demo failed.[/]")
        logs = self._system.directory.relative_to(ROOT) / "logs"
        self._console.print(f"{message}\n\nEvery process's log is in {logs}", markup=False, soft_wrap=True)

    def _start(self) -> None:
        self._console.print("[bold]Portage demo[/]: a simulated Bitrix24 portal moves into the on-prem gateway\n")
        steps: list[tuple[str, Callable[[], object]]] = [
            ("storage emulator (Azurite)", self._system.start_storage),
            ("simulated portal", self._system.start_portal),
            ("import gateway", self._system.start_gateway),
            ("function app", self._system.start_host),
        ]
        for name, start in steps:
            with self._timed(name):
                start()

    def _migrate(self, name: str) -> Json:
        """One run through the command line, as a person would start it; answers its status."""
        self._console.print(f"\n[bold]{name}[/]: ./portage run {_PLAN} --watch")
        with self._timed(name):
            code = self._portage("run", _PLAN, "--watch")
        api = self._system.api()
        status = api.run(api.get(f"/runs?plan={_PLAN}").json()[0]["run_id"])
        api.close()
        if code != 0:
            host = self._system.hosts[0].tail()
            raise ProcessFailed(f"the {name} ended with exit code {code}, state {status['state']}\n{host}")
        return status

    def _portage(self, *arguments: str) -> int:
        """The command line's exit code. Raises ProcessFailed as soon as a part that it needs has ended."""
        with subprocess.Popen(
            tied(module("cli", *arguments)),
            cwd=ROOT,
            env=environment(self._system.client_settings),
            stdin=subprocess.DEVNULL,
        ) as command:
            try:
                deadline = time.monotonic() + _RUN_SECONDS
                while (code := command.poll()) is None:
                    self._system.must_be_alive()
                    if time.monotonic() > deadline:
                        raise ProcessFailed(f"./portage {arguments[0]} still runs after {_RUN_SECONDS} s")
                    time.sleep(_POLL_SECONDS)
            finally:
                command.kill()
        return code

    def _compare(self) -> tuple[list[Compared], bool]:
        self._console.print("\n[bold]Both sides, read without Portage's code[/]")
        with self._timed("comparison"):
            stats = self._system.stats()  # before the comparison asks for files
            compared = compare(self._system, custom=travelling())
        self._console.print(comparison(compared))
        for remark in remarks(compared):
            self._console.print(f"  {remark}", markup=False, soft_wrap=True)
        for entity in compared:
            for difference in entity.differences[:_SHOWN_DIFFERENCES]:
                self._console.print(f"  {entity.name}: {difference}", markup=False, soft_wrap=True)
        self._console.print(
            f"  at the portal: {stats['requests']:,} requests, {stats['writes']} writes, "
            f"{stats['refused']} refused for their rate"
        )
        return compared, stats["writes"] == 0 and stats["refused"] == 0 and not any(e.differences for e in compared)

    def _say_second(self, status: Json) -> bool:
        sent, unchanged = totals(status, "imported") + totals(status, "duplicate"), totals(status, "skipped")
        self._console.print(f"  the second run imported {sent:,} records; {unchanged:,} were there already, unchanged")
        return sent == 0 and status["state"] == "completed"

    def _say_verdict(self, done: bool) -> None:
        self._console.print(
            "\n[bold]Time[/]  " + ", ".join(f"{name} {took:.1f} s" for name, took in self._times.items())
        )
        verdict = "[bold green]Everything arrived.[/]" if done else "[bold red]Not everything arrived as it should.[/]"
        self._console.print(f"\n{verdict}\n")
        where = where_to_look(self._system.directory.relative_to(ROOT))
        self._console.print(where, markup=False, soft_wrap=True)

    def _write_verdict(self, done: bool, first: Json, second: Json, compared: list[Compared]) -> None:
        verdict = {
            "everything_arrived": done,
            "seconds": self._times,
            "portal": self._system.stats(),
            "entities": [entity.as_json() for entity in compared],
            "first_run": first,
            "second_run": second,
        }
        text = json.dumps(verdict, indent=2, ensure_ascii=False)
        (self._system.directory / "verdict.json").write_text(text, encoding="utf-8")

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        try:
            yield
        except (RuntimeError, httpx.HTTPError) as error:
            self._system.must_be_alive()  # a part that has ended is what to tell, not what came of it
            raise ProcessFailed(f"{name}: {error}") from error
        self._times[name] = round(time.monotonic() - begun, 2)
        self._console.print(f"  {name}: {self._times[name]:.1f} s")
        self._system.must_be_alive()
