"""How an instance looks to clients of the management API."""

from __future__ import annotations

import json
from typing import Any

from lab.devhost.durable.history import COMPLETIONS, DECISIONS, Event, EventType
from lab.devhost.durable.state import Summary

_NAMES = {
    EventType.EXECUTION_STARTED: "ExecutionStarted",
    EventType.EXECUTION_COMPLETED: "ExecutionCompleted",
    EventType.EXECUTION_TERMINATED: "ExecutionTerminated",
    EventType.TASK_SCHEDULED: "TaskScheduled",
    EventType.TASK_COMPLETED: "TaskCompleted",
    EventType.TASK_FAILED: "TaskFailed",
    EventType.SUB_ORCHESTRATION_CREATED: "SubOrchestrationInstanceCreated",
    EventType.SUB_ORCHESTRATION_COMPLETED: "SubOrchestrationInstanceCompleted",
    EventType.SUB_ORCHESTRATION_FAILED: "SubOrchestrationInstanceFailed",
    EventType.TIMER_CREATED: "TimerCreated",
    EventType.TIMER_FIRED: "TimerFired",
    EventType.EVENT_RAISED: "EventRaised",
    EventType.GENERIC: "GenericEvent",
    EventType.EXECUTION_SUSPENDED: "ExecutionSuspended",
    EventType.EXECUTION_RESUMED: "ExecutionResumed",
}


def status_body(summary: Summary, *, show_input: bool, history: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The status object; times are whole seconds, `input` and `output` decoded JSON."""
    return {
        "name": summary.name,
        "instanceId": summary.instance_id,
        "runtimeStatus": str(summary.status),
        "input": _decoded(summary.raw_input) if show_input else None,
        "customStatus": _decoded(summary.custom_status),
        "output": _decoded(summary.output),
        "createdTime": _whole_seconds(summary.created),
        "lastUpdatedTime": _whole_seconds(summary.updated),
        "historyEvents": history,
    }


def condensed_history(history: list[Event], *, show_output: bool) -> list[dict[str, Any]]:
    """History for readers: episode marks left out, a finished task merged with what scheduled it."""
    scheduled = {entry["EventId"]: entry for entry in history if entry["EventType"] in DECISIONS}
    answered = {entry[COMPLETIONS[entry["EventType"]]] for entry in history if entry["EventType"] in COMPLETIONS}
    condensed = []
    for entry in history:
        kind = entry["EventType"]
        if kind not in _NAMES or (kind in DECISIONS and entry["EventId"] in answered):
            continue
        item: dict[str, Any] = {"EventType": _NAMES[EventType(kind)], "Timestamp": entry["Timestamp"]}
        if kind in COMPLETIONS:
            item |= _of_decision(scheduled.get(entry[COMPLETIONS[kind]], {}))
        elif kind == EventType.EXECUTION_STARTED:
            item["FunctionName"] = entry["Name"]
        item |= {key: entry[key] for key in ("Name", "FireAt", "Reason", "Details") if entry.get(key) is not None}
        if show_output and entry.get("Result") is not None:
            item["Result"] = _decoded(entry["Result"])
        condensed.append(item)
    return condensed


def _of_decision(entry: Event) -> dict[str, Any]:
    merged = {"ScheduledTime": entry.get("Timestamp")}
    return merged | ({"FunctionName": entry["Name"]} if "Name" in entry else {})


def _decoded(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _whole_seconds(stamp: str) -> str:
    return f"{stamp.partition('.')[0]}Z"
