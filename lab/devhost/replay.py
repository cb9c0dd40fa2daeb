"""Drive one orchestrator in memory through the real SDK: scripted answers, a virtual clock, no storage.

For tests of orchestrators. The history is built and replayed exactly as the host does it, so a driver that finds a
difference between two replays of one history has found code that would break in Azure.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.durable_functions import Orchestrator

from lab.devhost.durable.episode import (
    Execution,
    Outcome,
    Reply,
    RuntimeStatus,
    completed_event,
    conclude,
    read_failure,
    read_reply,
    request_body,
)
from lab.devhost.durable.history import Event, EventType, event, execution_started, parse_timestamp

Answer = Callable[[Any], Any]
"""Takes the decoded input, returns a JSON value, or raises to fail the task."""

_START = datetime(2026, 1, 1, tzinfo=UTC)


class ReplayDifferenceError(AssertionError):
    """Two replays of the same history gave different answers."""


class UnscriptedCallError(AssertionError):
    """The orchestrator called something that the script has no answer for."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An external event at a time after the start. `by_client` encodes twice, as the SDK's client does."""

    name: str
    data: Any = None
    after: timedelta = timedelta(0)
    by_client: bool = True


@dataclass(frozen=True, slots=True)
class Script:
    """Answers by name for activities and for sub-orchestrations, and the events to raise."""

    activities: Mapping[str, Answer] = field(default_factory=dict)
    children: Mapping[str, Answer] = field(default_factory=dict)
    events: Sequence[Raised] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """An activity or sub-orchestration that was scheduled, with its decoded input."""

    kind: EventType
    name: str
    input: Any


@dataclass(slots=True)
class Run:
    """What happened. `status` stays Running when the orchestrator waits for something the script never sends.

    `rows` holds the history rows of each generation (continue-as-new begins another), `actions` the last answer's
    cumulative action list, `inputs` the input of each generation.
    """

    status: RuntimeStatus = RuntimeStatus.RUNNING
    output: Any = None
    failure: str = ""
    custom_status: Any = None
    elapsed: timedelta = timedelta(0)
    episodes: int = 0
    calls: list[Call] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    inputs: list[Any] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)
    history: list[Event] = field(default_factory=list)

    def names(self, kind: EventType = EventType.TASK_SCHEDULED) -> list[str]:
        """Names of what was called, in order: activities, or children with `SUB_ORCHESTRATION_CREATED`."""
        return [call.name for call in self.calls if call.kind is kind]


def drive(
    orchestrator: Callable[[Any], Any],
    *,
    script: Script | None = None,
    client_input: Any = None,
    instance_id: str = "instance",
    completions_per_episode: int = 32,
    max_episodes: int = 10_000,
) -> Run:
    """Run a plain orchestrator function (`def orchestrator(context)`) until it ends or waits for ever.

    Every episode is replayed twice. Raises `ReplayDifferenceError` and `UnscriptedCallError`; a failure of the
    orchestrator itself is a result. `completions_per_episode=1` is the worst case for replay.
    """
    driver = _Driver(orchestrator, script or Script(), client_input, instance_id)
    for _ in range(max_episodes):
        messages = driver.next_messages(completions_per_episode)
        if messages is None:
            break
        driver.episode(messages)
    return driver.finish()


def replay(
    orchestrator: Callable[[Any], Any],
    history: Sequence[Event],
    *,
    client_input: Any = None,
    instance_id: str = "instance",
) -> Outcome:
    """Replay a recorded history on (perhaps newer) code and say what follows: Failed when the two disagree."""
    execution = Execution(orchestrator.__name__, instance_id, "execution-0", _encoded(client_input))
    entries = list(history)
    reply = _ask(Orchestrator.create(orchestrator), execution, entries, is_replaying=True)
    return conclude(execution, entries, reply, parse_timestamp(entries[-1]["Timestamp"]))


def _encoded(client_input: Any) -> str | None:
    # As `client.start_new` sends it: JSON text of JSON text.
    return None if client_input is None else json.dumps(json.dumps(client_input))


def _ask(handle: Callable[[str], str], execution: Execution, history: list[Event], *, is_replaying: bool) -> Reply:
    body = request_body(
        execution,
        [json.dumps(entry) for entry in history],
        is_replaying=is_replaying,
    )
    try:
        return read_reply(handle(body))
    except Exception as error:
        return read_failure(str(error))


class _Driver:
    def __init__(self, orchestrator: Callable[[Any], Any], script: Script, client_input: Any, instance_id: str) -> None:
        self._handle = Orchestrator.create(orchestrator)
        self._script = script
        self._now = _START
        self._history: list[Event] = []
        self._ready: deque[Event] = deque()
        self._later = sorted(
            ((_START + item.after, _raised(item, _START + item.after)) for item in script.events),
            key=lambda pair: pair[0],
        )
        self._execution = Execution(orchestrator.__name__, instance_id, "execution-0", _encoded(client_input))
        self._run = Run(inputs=[client_input])

    def next_messages(self, limit: int) -> list[Event] | None:
        """Messages of the next episode; the clock moves on when nothing is ready. `None` at the end."""
        if self._run.status.is_terminal:
            return None
        if not self._ready and self._history:
            if not self._later:
                return None
            self._now = max(self._now, self._later[0][0])
        while self._later and self._later[0][0] <= self._now:
            self._ready.append(self._later.pop(0)[1])
        return [self._ready.popleft() for _ in range(min(limit, len(self._ready)))]

    def episode(self, messages: list[Event]) -> None:
        fresh = [event(EventType.ORCHESTRATOR_STARTED, self._now)]
        if not self._history:
            fresh.append(self._started())
        fresh += messages
        whole = self._history + fresh
        reply = self._reply(whole)
        outcome = conclude(self._execution, whole, reply, self._now)
        self._run.episodes += 1
        self._run.actions, self._run.custom_status = reply.actions, outcome.custom_status
        ended = [] if outcome.status is RuntimeStatus.RUNNING else [completed_event(outcome, self._now)]
        self._history = [*whole, *outcome.events, *ended, event(EventType.ORCHESTRATOR_COMPLETED, self._now)]
        for entry in self._history:
            entry["IsPlayed"] = True
        if outcome.status is RuntimeStatus.CONTINUED_AS_NEW:
            self._next_generation(outcome)
            return
        for entry in outcome.events:
            self._answer(entry)
        self._end(outcome)

    def finish(self) -> Run:
        if self._history:
            self._run.rows.append(len(self._history))
        self._run.history = self._history
        self._run.elapsed = self._now - _START
        return self._run

    def _reply(self, history: list[Event]) -> Reply:
        replaying = bool(self._history)
        first = _ask(self._handle, self._execution, history, is_replaying=replaying)
        second = _ask(self._handle, self._execution, history, is_replaying=replaying)
        if first != second:
            raise ReplayDifferenceError(f"two replays of one history differ:\n  first:  {first}\n  second: {second}")
        return first

    def _started(self) -> Event:
        return execution_started(
            self._now,
            name=self._execution.name,
            instance_id=self._execution.instance_id,
            execution_id=self._execution.execution_id,
            raw_input=self._execution.raw_input,
            version="",
            parent=None,
        )

    def _next_generation(self, outcome: Outcome) -> None:
        self._run.rows.append(len(self._history))
        text = json.loads(outcome.result or '"null"')
        self._run.inputs.append(json.loads(text))
        number = len(self._run.rows)
        self._execution = Execution(
            self._execution.name, self._execution.instance_id, f"execution-{number}", outcome.result
        )
        self._history = []
        self._ready = deque([*outcome.carried, *(item for item in self._ready if _is_raised(item))])
        self._later = [pair for pair in self._later if _is_raised(pair[1])]

    def _end(self, outcome: Outcome) -> None:
        self._run.status = outcome.status
        if outcome.status is RuntimeStatus.FAILED:
            self._run.failure = outcome.result or ""
        elif outcome.result is not None:
            self._run.output = json.loads(outcome.result)

    def _answer(self, entry: Event) -> None:
        if entry["EventType"] == EventType.TIMER_CREATED:
            due = parse_timestamp(entry["FireAt"])
            fired = event(EventType.TIMER_FIRED, due, TimerId=entry["EventId"], FireAt=entry["FireAt"])
            self._later = sorted([*self._later, (due, fired)], key=lambda pair: pair[0])
            return
        is_activity = entry["EventType"] == EventType.TASK_SCHEDULED
        text = json.loads(entry["Input"])[0] if is_activity else json.loads(entry["Input"])
        call = Call(EventType(entry["EventType"]), entry["Name"], json.loads(text))
        self._run.calls.append(call)
        answers = self._script.activities if is_activity else self._script.children
        if call.name not in answers:
            raise UnscriptedCallError(f"no answer for {call.name!r}; the script has {sorted(answers)}")
        self._ready.append(self._completion(entry, call, answers[call.name]))

    def _completion(self, entry: Event, call: Call, answer: Answer) -> Event:
        is_activity = call.kind is EventType.TASK_SCHEDULED
        try:
            result = json.dumps(answer(call.input))
        except Exception as error:
            kind = EventType.TASK_FAILED if is_activity else EventType.SUB_ORCHESTRATION_FAILED
            who = "Activity" if is_activity else "Orchestrator"
            reason = f"{who} function '{call.name}' failed:  {type(error).__name__}: {error}"
            return event(kind, self._now, TaskScheduledId=entry["EventId"], Reason=reason, Details="")
        done = EventType.TASK_COMPLETED if is_activity else EventType.SUB_ORCHESTRATION_COMPLETED
        return event(done, self._now, TaskScheduledId=entry["EventId"], Result=result)


def _raised(item: Raised, moment: datetime) -> Event:
    text = json.dumps(item.data)
    return event(EventType.EVENT_RAISED, moment, Name=item.name, Input=json.dumps(text) if item.by_client else text)


def _is_raised(entry: Event) -> bool:
    return bool(entry["EventType"] == EventType.EVENT_RAISED)
