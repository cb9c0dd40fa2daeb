"""The cumulative action list of an episode, executed against the history as the .NET extension does.

The Python SDK returns every action since the start. The extension awaits the top-level ones in order, a WhenAll until
*every* child has ended and a WhenAny until one has, swallows failures (Python already handled them), and hands out
ids from one counter. What that produces and the history does not hold yet is what this episode decided.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from lab.devhost.durable.history import COMPLETIONS, DECISIONS, FAILURES, Event, EventType, parse_timestamp, timestamp


class ActionType(IntEnum):
    """Numbers of the actions in an orchestrator's answer."""

    CALL_ACTIVITY = 0
    CALL_ACTIVITY_WITH_RETRY = 1
    CALL_SUB_ORCHESTRATOR = 2
    CALL_SUB_ORCHESTRATOR_WITH_RETRY = 3
    CONTINUE_AS_NEW = 4
    CREATE_TIMER = 5
    WAIT_FOR_EXTERNAL_EVENT = 6
    CALL_ENTITY = 7
    CALL_HTTP = 8
    SIGNAL_ENTITY = 9
    WHEN_ANY = 11
    WHEN_ALL = 12


class NonDeterminismError(Exception):
    """History holds a decision that the code no longer takes. The message shows both."""


class UnsupportedActionError(Exception):
    """The orchestrator used a feature that the local host leaves out."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing to do, with the id the history will know it by; `fields` are those of the history event."""

    id: int
    kind: EventType
    fields: dict[str, Any]

    def describe(self) -> str:
        """The part that replay compares: the kind, and the name of an activity or child."""
        return _describe(self.kind, self.id, self.fields.get("Name"))


def _describe(kind: int, task_id: int, name: str | None) -> str:
    return f"#{task_id} {EventType(kind).name}" + (f" {name!r}" if name else "")


class _Task:
    """Something awaited. Callbacks run once, when it ends."""

    __slots__ = ("_callbacks", "done", "failed")

    def __init__(self) -> None:
        self.done = False
        self.failed = False
        self._callbacks: list[Callable[[], None]] = []

    def then(self, callback: Callable[[], None]) -> None:
        if self.done:
            callback()
        else:
            self._callbacks.append(callback)

    def end(self, *, failed: bool = False) -> None:
        if self.done:
            return
        self.done, self.failed = True, failed
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()


class ActionReplay:
    """Runs one action list over one history. Feed the whole history through `apply`, then read the result."""

    def __init__(self, actions: list[dict[str, Any]], execution_id: str) -> None:
        self._actions = actions
        self._execution_id = execution_id
        self._position = 0
        self._next_id = 0
        self._now: datetime | None = None
        self._undecided: dict[int, Decision] = {}
        self._open: dict[int, _Task] = {}
        self._waiting: defaultdict[str, list[_Task]] = defaultdict(list)
        self._buffered: defaultdict[str, deque[Event]] = defaultdict(deque)
        self.finished = False
        self.continue_as_new: str | None = None
        self.carried: list[Event] = []

    @property
    def decisions(self) -> list[Decision]:
        """What the history does not hold yet, in the order of ids."""
        return [self._undecided[task_id] for task_id in sorted(self._undecided)]

    @property
    def has_open_tasks(self) -> bool:
        """True while an activity, a child or an uncancelled timer is open; waits for events do not count."""
        return bool(self._open)

    def apply(self, entry: Event) -> None:
        """Advance by one history event; raises `NonDeterminismError` for a decision that was not taken again."""
        kind = entry["EventType"]
        if kind == EventType.ORCHESTRATOR_STARTED:
            self._now = parse_timestamp(entry["Timestamp"])
        elif kind == EventType.EXECUTION_STARTED:
            self._advance()
        elif kind in DECISIONS:
            self._match(entry)
        elif kind in COMPLETIONS:
            task = self._open.pop(entry[COMPLETIONS[kind]], None)
            if task is not None:
                task.end(failed=kind in FAILURES)
        elif kind == EventType.EVENT_RAISED:
            self._raise_event(entry)

    def _match(self, entry: Event) -> None:
        task_id, kind, name = entry["EventId"], entry["EventType"], entry.get("Name")
        taken = self._undecided.pop(task_id, None)
        if taken is None or taken.kind != kind or (taken.fields.get("Name") or "") != (name or ""):
            raise NonDeterminismError(
                "Non-Deterministic workflow detected: the history and the orchestrator code disagree.\n"
                f"  expected (history): {_describe(kind, task_id, name)}\n"
                f"  got (this replay):  {taken.describe() if taken else f'nothing with id {task_id}'}\n"
                "Was the orchestrator changed while this instance was running, or does it depend on anything but its"
                " input and its history?"
            )

    def _advance(self) -> None:
        while self._position < len(self._actions):
            task = self._begin(self._actions[self._position])
            self._position += 1
            if not task.done:
                task.then(self._advance)
                return
        self.finished = True

    def _begin(self, action: dict[str, Any]) -> _Task:
        kind = ActionType(action["actionType"])
        match kind:
            case ActionType.CALL_ACTIVITY | ActionType.CALL_SUB_ORCHESTRATOR:
                return self._call(action)
            case ActionType.CALL_ACTIVITY_WITH_RETRY | ActionType.CALL_SUB_ORCHESTRATOR_WITH_RETRY:
                return self._call_with_retry(action)
            case ActionType.CREATE_TIMER:
                return self._timer(action["fireAt"], cancelled=bool(action.get("isCanceled")))
            case ActionType.WAIT_FOR_EXTERNAL_EVENT:
                return self._wait(action["externalEventName"])
            case ActionType.WHEN_ALL | ActionType.WHEN_ANY:
                return self._compound(action["compoundActions"], every=kind is ActionType.WHEN_ALL)
            case ActionType.CONTINUE_AS_NEW:
                self.continue_as_new = action["input"]
                return _ended()
            case _:
                raise UnsupportedActionError(f"the local host does not support the durable action {kind.name}")

    def _decide(self, kind: EventType, fields: dict[str, Any]) -> int:
        task_id = self._next_id
        self._next_id += 1
        self._undecided[task_id] = Decision(task_id, kind, fields)
        return task_id

    def _call(self, action: dict[str, Any]) -> _Task:
        name, text = action["functionName"], action["input"]
        if action["actionType"] in {ActionType.CALL_ACTIVITY, ActionType.CALL_ACTIVITY_WITH_RETRY}:
            # .NET wraps the argument in an array of one JSON text.
            fields = {"Name": name, "Version": "", "Input": json.dumps([text])}
            task_id = self._decide(EventType.TASK_SCHEDULED, fields)
        else:
            instance_id = action.get("instanceId") or f"{self._execution_id}:{self._next_id}"
            fields = {
                "Name": name,
                "Version": action.get("version") or "",
                "InstanceId": instance_id,
                "Input": json.dumps(text),
            }
            task_id = self._decide(EventType.SUB_ORCHESTRATION_CREATED, fields)
        self._open[task_id] = task = _Task()
        return task

    def _timer(self, fire_at: str, *, cancelled: bool) -> _Task:
        task_id = self._decide(EventType.TIMER_CREATED, {"FireAt": timestamp(parse_timestamp(fire_at))})
        if cancelled:
            # A cancelled timer is still created, and a compound action that holds it does not wait for it.
            return _ended()
        self._open[task_id] = task = _Task()
        return task

    def _wait(self, name: str) -> _Task:
        key, task = name.casefold(), _Task()
        if self._buffered[key]:
            self._buffered[key].popleft()
            task.end()
        else:
            self._waiting[key].append(task)
        return task

    def _raise_event(self, entry: Event) -> None:
        key = str(entry["Name"]).casefold()
        if self.continue_as_new is not None:
            self.carried.append(entry)  # belongs to the next generation
        elif self._waiting[key]:
            self._waiting[key].pop().end()  # the newest wait first
        else:
            self._buffered[key].append(entry)

    def _compound(self, actions: list[dict[str, Any]], *, every: bool) -> _Task:
        children = [self._begin(action) for action in actions]
        whole = _Task()
        left = 0 if not children else sum(not child.done for child in children)
        if left == 0 or (not every and left < len(children)):
            whole.end()
            return whole
        remaining = [left]

        def child_ended() -> None:
            remaining[0] -= 1
            if not every or remaining[0] == 0:
                whole.end()

        for child in children:
            if not child.done:
                child.then(child_ended)
        return whole

    def _call_with_retry(self, action: dict[str, Any]) -> _Task:
        options = action["retryOptions"]
        attempts = int(options["maxNumberOfAttempts"])
        interval = timedelta(milliseconds=int(options["firstRetryIntervalInMilliseconds"]))
        whole = _Task()

        def attempt(number: int) -> None:
            call = self._call(action)
            call.then(lambda: failed(number) if call.failed else whole.end())

        def failed(number: int) -> None:
            # One more timer follows the last failure too; the SDK waits for it before it raises.
            last = number >= attempts
            pause = self._timer(timestamp(self._clock() + (timedelta(0) if last else interval)), cancelled=False)
            pause.then(lambda: whole.end(failed=True) if last else attempt(number + 1))

        attempt(1)
        return whole

    def _clock(self) -> datetime:
        if self._now is None:
            raise NonDeterminismError("the history does not begin with OrchestratorStarted")
        return self._now


def _ended() -> _Task:
    task = _Task()
    task.end()
    return task
