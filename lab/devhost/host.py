"""Puts the parts of a host process together."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from aiohttp import web
from azure.functions import meta

from lab.devhost.durable import links
from lab.devhost.durable.api import ManagementApi
from lab.devhost.durable.calls import DurableFunctions
from lab.devhost.durable.engine import Engine
from lab.devhost.durable.service import OrchestrationService
from lab.devhost.durable.store import OrchestrationStore
from lab.devhost.functions import IndexedFunction
from lab.devhost.hostjson import HostConfig, read_host_config
from lab.devhost.invocation import InvocationError, Invoker, Result
from lab.devhost.loading import load_functions
from lab.devhost.options import HostOptions
from lab.devhost.ownership import Ownership
from lab.devhost.queues.listener import QueueListener, open_listener
from lab.devhost.queues.output import QueueOutputs
from lab.devhost.settings import apply_local_settings, connection_string, is_disabled
from lab.devhost.storage import create_missing, open_table
from lab.devhost.timers.runner import TimerRunner
from lab.devhost.validation import index_functions
from lab.devhost.web.admin import admin_routes
from lab.devhost.web.http_trigger import HttpTriggers
from lab.devhost.web.keys import Keys
from lab.devhost.web.server import Server, new_application


class DevHost:
    """One function app in this process, from `start` to `stop`. There can be one per process: the SDKs are global."""

    def __init__(self, app_dir: Path | str, options: HostOptions | None = None) -> None:
        self._app_dir = Path(app_dir).resolve()
        self._options = options
        self._process: _Process | None = None
        self.origin = ""

    async def start(self) -> None:
        """Load the app, connect to storage and serve; `origin` is then the base URL.

        Raises `StartError` when the app cannot be served, `OSError` when the port is taken.
        """
        apply_local_settings(self._app_dir)
        options = self._options or HostOptions.from_environment()
        config = read_host_config(self._app_dir / "host.json")
        indexed = index_functions(load_functions(self._app_dir), str(self._app_dir))
        functions = [function for function in indexed if not is_disabled(function.name)]
        self._process = _Process(functions, config, options)
        self.origin = await self._process.start()

    async def stop(self) -> None:
        """Stop taking work, give running functions the grace period, hand the rest back, release the lease."""
        if self._process is not None:
            await self._process.stop()
            self._process = None


class _Process:
    """The running parts. Construction touches no network."""

    def __init__(self, functions: list[IndexedFunction], config: HostConfig, options: HostOptions) -> None:
        connection, hub = connection_string(), config.durable.hub
        self._options = options
        self._keys = Keys(options.function_key)
        self._hub = hub
        self._invoker = Invoker(config.function_timeout)
        self._outputs = QueueOutputs(base64_encoding=config.queues.base64)
        self._store = OrchestrationStore(connection, hub)
        durable = DurableFunctions(functions, self._call, replay_twice=options.replay_twice)
        self._engine = Engine(self._store, durable, config.durable, options)
        self._service = OrchestrationService(self._store, self._engine, durable, config.durable.default_version)
        self._table = open_table(connection, f"{hub}Host")
        self._timers = {
            item.name: TimerRunner(item, self._table, self._call) for item in _of_kind(functions, "timerTrigger")
        }
        self._listeners: list[QueueListener] = [
            open_listener(item, config.queues, options.queue_lease_seconds, self._call)
            for item in _of_kind(functions, "queueTrigger")
        ]
        self._ownership = Ownership(
            self._table, options.owner_lease_seconds, gained=self._become_owner, lost=self._cease_owner
        )
        http_functions = _of_kind(functions, "httpTrigger")
        self._public = Server(
            self._public_application(
                HttpTriggers(http_functions, config.route_prefix, self._keys, self._call), functions
            ),
            options.grace_seconds,
        )
        self._rpc = Server(self._rpc_application(), grace_seconds=1.0)
        self._client_binding = ""

    async def start(self) -> str:
        """Connect, listen, and begin to work; returns the base URL."""
        await self._store.open()
        await create_missing(self._table.create_table)
        rpc_port = await self._rpc.start("127.0.0.1", 0)
        port = await self._public.start(self._options.host, self._options.port)
        shown = "127.0.0.1" if self._options.host in {"0.0.0.0", "::"} else self._options.host
        origin = f"http://{shown}:{port}"
        self._client_binding = links.client_binding(
            origin, f"http://127.0.0.1:{rpc_port}", self._keys.system_key, self._hub
        )
        await self._ownership.start()
        for listener in self._listeners:
            listener.start()
        return origin

    async def stop(self) -> None:
        grace = self._options.grace_seconds
        await asyncio.gather(
            self._public.stop(),
            self._engine.stop(grace),
            *(timer.stop(grace) for timer in self._timers.values()),
            *(listener.stop(grace) for listener in self._listeners),
        )
        await self._ownership.stop()
        await self._rpc.stop()
        await self._outputs.close()
        await self._store.close()
        await self._table.close()
        await _close_sdk_session()
        self._invoker.close()

    async def _become_owner(self) -> None:
        await self._engine.start()
        for timer in self._timers.values():
            timer.start()

    async def _cease_owner(self) -> None:
        await asyncio.gather(self._engine.stop(0), *(timer.stop(0) for timer in self._timers.values()))

    async def _call(
        self, function: IndexedFunction, data: meta.Datum, metadata: dict[str, meta.Datum] | None = None
    ) -> Result:
        inputs = {function.trigger.name: data}
        for item in function.inputs[1:]:
            inputs[item.name] = meta.Datum(type="string", value=self._client_binding)
        result = await self._invoker.invoke(function, inputs, metadata)
        try:
            await self._outputs.send(function, result)
        except Exception as error:
            raise InvocationError(error) from error
        return result

    def _public_application(self, triggers: HttpTriggers, functions: list[IndexedFunction]) -> web.Application:
        api = ManagementApi(
            self._service,
            hub=self._hub,
            system_key=self._keys.system_key,
            allows=self._keys.allows_management,
            show_input_by_default=True,
        )
        application = new_application()
        application.add_routes(api.routes(links.PUBLIC_PATH))
        application.add_routes(admin_routes(self._keys, self._timers, functions, lambda: self._engine.is_running))
        application.router.add_route("*", "/{path:.*}", triggers.handle)
        return application

    def _rpc_application(self) -> web.Application:
        api = ManagementApi(
            self._service,
            hub=self._hub,
            system_key=self._keys.system_key,
            allows=lambda _: True,
            show_input_by_default=False,
        )
        application = new_application()
        application.add_routes(api.routes(links.RPC_PATH.rstrip("/")))
        return application


def _of_kind(functions: list[IndexedFunction], trigger: str) -> list[IndexedFunction]:
    return [function for function in functions if function.trigger.kind == trigger]


async def _close_sdk_session() -> None:
    # The SDK keeps one HTTP session for the life of the process and has no public way to close it.
    session_module = sys.modules.get("azure.durable_functions.models.utils.http_utils")
    if session_module is not None:
        await session_module._close_session()  # noqa: SLF001
