"""What parents and children of sub-orchestrations tell each other."""

from __future__ import annotations

import json
import uuid

from lab.devhost.durable.episode import RuntimeStatus
from lab.devhost.durable.history import Event, EventType, event, timestamp, utc_now
from lab.devhost.durable.state import Message, Parent, Summary


def new_child(parent: Summary, created: Event) -> Summary:
    """The state row of the child that a SubOrchestrationInstanceCreated event asks for."""
    now = timestamp(utc_now())
    return Summary(
        instance_id=created["InstanceId"],
        name=created["Name"],
        execution_id=uuid.uuid4().hex,
        created=now,
        updated=now,
        version=created["Version"],
        raw_input=created["Input"],
        parent=Parent(parent.instance_id, parent.execution_id, created["EventId"], parent.name),
    )


def child_completed(parent: Parent, output: str | None) -> Message:
    """Tell the parent the child's output (JSON text)."""
    kind = EventType.SUB_ORCHESTRATION_COMPLETED
    return _to_parent(parent, event(kind, utc_now(), TaskScheduledId=parent.task_id, Result=output))


def child_failed(parent: Parent, reason: str) -> Message:
    """Tell the parent why there will be no output."""
    details = json.dumps({"ClassName": "OrchestrationFailureException"})
    kind = EventType.SUB_ORCHESTRATION_FAILED
    return _to_parent(parent, event(kind, utc_now(), TaskScheduledId=parent.task_id, Reason=reason, Details=details))


def report_again(child: Summary) -> Message | None:
    """What an ended child has already told a parent that forgot it in a crash; `None` while the child is active."""
    if child.parent is None or not child.status.is_terminal:
        return None
    if child.status is RuntimeStatus.COMPLETED:
        return child_completed(child.parent, child.output)
    return child_failed(child.parent, str(json.loads(child.output or '""')))


def _to_parent(parent: Parent, answer: Event) -> Message:
    return Message(parent.instance_id, event=answer, execution_id=parent.execution_id)
