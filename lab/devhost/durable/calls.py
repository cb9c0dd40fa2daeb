"""Calls of the app's orchestrators and activities, by the names that orchestrators and clients use."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable

from azure.functions import meta

from lab.devhost.durable.episode import Reply, read_failure, read_reply
from lab.devhost.durable.history import Event, EventType, event, utc_now
from lab.devhost.durable.limits import warn_about_input, warn_about_result
from lab.devhost.errors import FunctionLoadError
from lab.devhost.functions import IndexedFunction
from lab.devhost.invocation import InvocationError, Result

log = logging.getLogger(__name__)

Call = Callable[[IndexedFunction, meta.Datum], Awaitable[Result]]
"""Runs a function with its trigger's data; raises `InvocationError` for whatever it raised."""


class DurableFunctions:
    """The durable functions of an app. Names are matched in any case.

    With `replay_twice` every orchestrator call is made twice and a difference fails the instance loudly.
    """

    def __init__(self, functions: list[IndexedFunction], call: Call, *, replay_twice: bool) -> None:
        self._call = call
        self._replay_twice = replay_twice
        self._orchestrators = _by_name(functions, "orchestrationTrigger")
        self._activities = _by_name(functions, "activityTrigger")

    def orchestrator_names(self) -> list[str]:
        """Names that can be started, as declared."""
        return [function.durable_name for function in self._orchestrators.values()]

    def has_orchestrator(self, name: str) -> bool:
        """Whether an orchestrator of this name exists and is enabled."""
        return name.casefold() in self._orchestrators

    async def orchestrate(self, name: str, body: str) -> Reply:
        """Run an orchestrator function over an episode's body."""
        function = self._orchestrators.get(name.casefold())
        if function is None:
            return Reply(False, [], error=_missing(name, "orchestrator"), replayable=False)
        reply = await self._reply(function, body)
        if self._replay_twice and (again := await self._reply(function, body)) != reply:
            error = f"two replays of one history differ:\n  first:  {reply}\n  second: {again}"
            log.error("orchestrator %s is not deterministic: %s", name, error)
            return Reply(False, [], error=f"Non-Deterministic workflow detected: {error}", replayable=False)
        return reply

    async def _reply(self, function: IndexedFunction, body: str) -> Reply:
        try:
            result = await self._call(function, meta.Datum(type="string", value=body))
        except InvocationError as error:
            return read_failure(error.message)
        return read_reply(str(result.returned.value if result.returned else ""))

    async def run_activity(self, scheduled: Event) -> Event:
        """Run what a TaskScheduled event asks for; returns TaskCompleted or TaskFailed."""
        name, task_id = str(scheduled["Name"]), scheduled["EventId"]
        function = self._activities.get(name.casefold())
        if function is None:
            return _task_failed(task_id, _missing(name, "activity"), "")
        (argument,) = json.loads(scheduled["Input"])
        warn_about_input(name, argument)
        try:
            result = await self._call(function, meta.Datum(type="json", value=argument))
        except InvocationError as error:
            error.log(name)
            return _task_failed(task_id, f"Activity function '{name}' failed:  {error}", error.stack)
        text = None if result.returned is None or result.returned.value == "null" else result.returned.value
        warn_about_result(name, text)
        return event(EventType.TASK_COMPLETED, utc_now(), TaskScheduledId=task_id, Result=text)


def _by_name(functions: list[IndexedFunction], trigger: str) -> dict[str, IndexedFunction]:
    found: dict[str, IndexedFunction] = {}
    for function in functions:
        if function.trigger.kind != trigger:
            continue
        if function.durable_name.casefold() in found:
            raise FunctionLoadError(function.name, f"another function is called {function.durable_name!r} too")
        found[function.durable_name.casefold()] = function
    return found


def _missing(name: str, kind: str) -> str:
    article = "an" if kind[0] in "aeiou" else "a"
    return f"The function '{name}' doesn't exist, is disabled, or is not {article} {kind} function."


def _task_failed(task_id: int, reason: str, stack: str) -> Event:
    details = json.dumps({"ClassName": "System.Exception", "Message": reason, "RemoteStackTraceString": stack})
    return event(EventType.TASK_FAILED, utc_now(), TaskScheduledId=task_id, Reason=reason, Details=details)
