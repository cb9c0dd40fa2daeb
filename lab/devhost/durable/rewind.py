"""Rewind of a failed instance: its failures are neutralised, so that replay asks for the failed work again."""

from __future__ import annotations

from lab.devhost.durable.history import Event, EventType


def rewind_history(history: list[Event]) -> tuple[list[Event], list[str]]:
    """The history without its end and its failures, and the ids of the failed children to rewind as well.

    A failed activity loses its TaskScheduled event too, since the next episode schedules it anew under the same id; a
    child keeps its record, since it is the child that goes on. Neutralised events stay as GenericEvent rows.
    """
    failed = {entry["TaskScheduledId"] for entry in history if entry["EventType"] == EventType.TASK_FAILED}
    failed_children = {
        entry["TaskScheduledId"] for entry in history if entry["EventType"] == EventType.SUB_ORCHESTRATION_FAILED
    }
    rewound: list[Event] = []
    children: list[str] = []
    for entry in history:
        kind = entry["EventType"]
        if kind == EventType.EXECUTION_COMPLETED:
            continue
        if kind in {EventType.TASK_FAILED, EventType.SUB_ORCHESTRATION_FAILED} or (
            kind == EventType.TASK_SCHEDULED and entry["EventId"] in failed
        ):
            rewound.append(_neutral(entry))
            continue
        if kind == EventType.SUB_ORCHESTRATION_CREATED and entry["EventId"] in failed_children:
            children.append(entry["InstanceId"])
        rewound.append(entry)
    return rewound, children


def _neutral(entry: Event) -> Event:
    return {
        "EventType": int(EventType.GENERIC),
        "EventId": -1,
        "IsPlayed": entry["IsPlayed"],
        "Timestamp": entry["Timestamp"],
        "Data": f"Rewound: {EventType(entry['EventType']).name}",
    }
