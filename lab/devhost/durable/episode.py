"""One episode: what the orchestrator function is given, how its answer is read, and what follows from it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from lab.devhost.durable.actions import ActionReplay, Decision, NonDeterminismError, UnsupportedActionError
from lab.devhost.durable.history import Event, EventType, event
from lab.devhost.timespans import format_timespan

_ERROR_MARKER = "$OutOfProcData$:"
_STATUS_LIMIT_BYTES = 16 * 1024
# The SDK splits longer timers in hops, because the Azure Storage backend takes no longer ones.
_LONGEST_TIMER = timedelta(days=6)
_LONG_TIMER_HOP = timedelta(days=3)


class RuntimeStatus(StrEnum):
    """Status names of the management API."""

    RUNNING = "Running"
    COMPLETED = "Completed"
    CONTINUED_AS_NEW = "ContinuedAsNew"
    FAILED = "Failed"
    CANCELED = "Canceled"
    TERMINATED = "Terminated"
    PENDING = "Pending"
    SUSPENDED = "Suspended"

    @property
    def is_terminal(self) -> bool:
        """True when the instance has ended for good."""
        return self in {self.COMPLETED, self.FAILED, self.CANCELED, self.TERMINATED}


@dataclass(frozen=True, slots=True)
class Execution:
    """Identity of one execution. `raw_input` is JSON text or `None`; `parent_id` is the parent's instance id."""

    name: str
    instance_id: str
    execution_id: str
    raw_input: str | None = None
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An orchestrator's answer. `output` and `custom_status` are JSON values; `error` is set when it raised.

    `replayable` is false for an exception that carries no actions: the instance then fails without replay.
    """

    done: bool
    actions: list[dict[str, Any]]
    output: Any = None
    custom_status: Any = None
    error: str | None = None
    replayable: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the instance stands after an episode.

    `status` is Running, Completed, Failed or ContinuedAsNew; `result` is JSON text for Completed, a message for
    Failed, and the next input (JSON text) for ContinuedAsNew. `events` are the decisions as history events, `carried`
    the raised events that outlive a continue-as-new. `code_ended` marks an instance that is only kept Running by open
    tasks.
    """

    status: RuntimeStatus
    decisions: list[Decision] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    result: str | None = None
    custom_status: Any = None
    carried: list[Event] = field(default_factory=list)
    code_ended: bool = False


def request_body(execution: Execution, history: list[str], *, is_replaying: bool) -> str:
    """The JSON that the orchestration trigger carries. `history` holds each event already as JSON text."""
    head = json.dumps(
        {
            "instanceId": execution.instance_id,
            "isReplaying": is_replaying,
            "parentInstanceId": execution.parent_id,
            "input": None if execution.raw_input is None else json.loads(execution.raw_input),
            "upperSchemaVersion": 1,
            "upperSchemaVersionNew": 2,
            "maximumShortTimerDuration": format_timespan(_LONGEST_TIMER),
            "longRunningTimerIntervalDuration": format_timespan(_LONG_TIMER_HOP),
            "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
        }
    )
    return f'{head[:-1]}, "history": [{",".join(history)}]}}'


def read_reply(text: str) -> Reply:
    """Read a normal answer (schema V2 or V3: exactly one inner array of actions)."""
    document = json.loads(text)
    return Reply(
        done=document["isDone"],
        actions=document["actions"][0],
        output=document.get("output"),
        custom_status=document.get("customStatus"),
        error=document.get("error"),
    )


def read_failure(message: str) -> Reply:
    """Read an exception's text: behind the SDK's marker is an ordinary answer, whose actions still count."""
    text, marker, document = message.rpartition(_ERROR_MARKER)
    if not marker:
        return Reply(done=False, actions=[], error=message, replayable=False)
    reply = read_reply(document)
    return Reply(reply.done, reply.actions, None, reply.custom_status, reply.error or text.strip())


def conclude(
    execution: Execution, history: list[Event], reply: Reply, now: datetime, *, max_actions: int = 100_000
) -> Outcome:
    """Replay the answer's actions over `history` (this episode's new events included) and say what follows."""
    if not reply.replayable:
        return _failed(execution, reply.error or "", reply)
    if len(reply.actions) > max_actions:
        return _failed(execution, f"more than {max_actions} actions in one orchestration", reply)
    if reply.custom_status is not None and _utf16_size(reply.custom_status) > _STATUS_LIMIT_BYTES:
        return _failed(execution, "the custom status is larger than 16 KiB of UTF-16", reply)
    replay = ActionReplay(reply.actions, execution.execution_id)
    try:
        for entry in history:
            replay.apply(entry)
    except (NonDeterminismError, UnsupportedActionError) as error:
        return _failed(execution, str(error), reply)
    decisions = replay.decisions
    events = [event(item.kind, now, event_id=item.id, **item.fields) for item in decisions]
    status, result = _standing(execution, reply, replay)
    code_ended = status is RuntimeStatus.RUNNING and (reply.done or reply.error is not None)
    return Outcome(status, decisions, events, result, reply.custom_status, replay.carried, code_ended)


def _standing(execution: Execution, reply: Reply, replay: ActionReplay) -> tuple[RuntimeStatus, str | None]:
    if not replay.finished or replay.has_open_tasks:
        return RuntimeStatus.RUNNING, None
    if reply.error is not None:
        return RuntimeStatus.FAILED, failure_text(execution.name, reply.error)
    if replay.continue_as_new is not None:
        return RuntimeStatus.CONTINUED_AS_NEW, json.dumps(replay.continue_as_new)
    if reply.done:
        return RuntimeStatus.COMPLETED, None if reply.output is None else json.dumps(reply.output)
    return RuntimeStatus.RUNNING, None


def failure_text(name: str, error: str) -> str:
    """The output of a failed instance."""
    return f"Orchestrator function '{name}' failed: {error}"


def completed_event(outcome: Outcome, now: datetime) -> Event:
    """The history event that ends an execution."""
    numbers = {RuntimeStatus.COMPLETED: 1, RuntimeStatus.CONTINUED_AS_NEW: 2, RuntimeStatus.FAILED: 3}
    number = numbers[outcome.status]
    return event(EventType.EXECUTION_COMPLETED, now, OrchestrationStatus=number, Result=outcome.result)


def _failed(execution: Execution, error: str, reply: Reply) -> Outcome:
    status = reply.custom_status if _utf16_size(reply.custom_status) <= _STATUS_LIMIT_BYTES else None
    return Outcome(RuntimeStatus.FAILED, result=failure_text(execution.name, error), custom_status=status)


def _utf16_size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-16-le"))
