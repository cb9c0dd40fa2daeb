"""History events as the 1.x SDK reads them: PascalCase JSON, seven-digit timestamps, `EventId` only on decisions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

Event = dict[str, Any]


class EventType(IntEnum):
    """Numbers of the history events (DurableTask.Core `EventType`)."""

    EXECUTION_STARTED = 0
    EXECUTION_COMPLETED = 1
    EXECUTION_TERMINATED = 3
    TASK_SCHEDULED = 4
    TASK_COMPLETED = 5
    TASK_FAILED = 6
    SUB_ORCHESTRATION_CREATED = 7
    SUB_ORCHESTRATION_COMPLETED = 8
    SUB_ORCHESTRATION_FAILED = 9
    TIMER_CREATED = 10
    TIMER_FIRED = 11
    ORCHESTRATOR_STARTED = 12
    ORCHESTRATOR_COMPLETED = 13
    EVENT_RAISED = 15
    GENERIC = 17
    EXECUTION_SUSPENDED = 19
    EXECUTION_RESUMED = 20


DECISIONS = frozenset({EventType.TASK_SCHEDULED, EventType.SUB_ORCHESTRATION_CREATED, EventType.TIMER_CREATED})
"""Events that record what an orchestrator asked for."""

COMPLETIONS: dict[int, str] = {
    EventType.TASK_COMPLETED: "TaskScheduledId",
    EventType.TASK_FAILED: "TaskScheduledId",
    EventType.SUB_ORCHESTRATION_COMPLETED: "TaskScheduledId",
    EventType.SUB_ORCHESTRATION_FAILED: "TaskScheduledId",
    EventType.TIMER_FIRED: "TimerId",
}
"""Events that answer a decision, with the field that holds the decision's id."""

FAILURES = frozenset({EventType.TASK_FAILED, EventType.SUB_ORCHESTRATION_FAILED})


def utc_now() -> datetime:
    """The wall clock, timezone aware."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """Write `moment` as .NET does: UTC, seven fractional digits, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def parse_timestamp(text: str) -> datetime:
    """Read a UTC timestamp with any number of fractional digits."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6].ljust(6, '0')}").replace(tzinfo=UTC)


def event(kind: EventType, moment: datetime, *, event_id: int = -1, **fields: object) -> Event:
    """Build one event; `fields` are the event's own PascalCase members."""
    return {
        "EventType": int(kind),
        "EventId": event_id,
        "IsPlayed": False,
        "Timestamp": timestamp(moment),
        **fields,
    }


def execution_started(
    moment: datetime,
    *,
    name: str,
    instance_id: str,
    execution_id: str,
    raw_input: str | None,
    version: str,
    parent: dict[str, Any] | None,
) -> Event:
    """The first message of an execution. `raw_input` is JSON text; `Version` must be present since SDK 1.7."""
    return event(
        EventType.EXECUTION_STARTED,
        moment,
        Name=name,
        Version=version,
        Input=raw_input,
        OrchestrationInstance={"InstanceId": instance_id, "ExecutionId": execution_id},
        ParentInstance=parent,
        Tags=None,
    )


def played(entry: Event) -> str:
    """JSON text of an event of an earlier episode."""
    return json.dumps({**entry, "IsPlayed": True})


def open_decisions(history: list[Event]) -> dict[int, Event]:
    """Decisions that no event has answered yet, by task id (cancelled timers included: they still fire)."""
    pending: dict[int, Event] = {}
    for entry in history:
        kind = entry["EventType"]
        if kind in DECISIONS:
            pending[entry["EventId"]] = entry
        elif kind in COMPLETIONS:
            pending.pop(entry[COMPLETIONS[kind]], None)
    return pending
