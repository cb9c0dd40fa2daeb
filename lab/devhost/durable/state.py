"""What is kept of one orchestration instance."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lab.devhost.durable.episode import Execution, RuntimeStatus
from lab.devhost.durable.history import Event, execution_started


@dataclass(slots=True)
class Parent:
    """Where a child reports to: the parent's instance and execution, and the id of the task that created it."""

    instance_id: str
    execution_id: str
    task_id: int
    name: str

    def as_event_field(self) -> dict[str, Any]:
        """The `ParentInstance` member of ExecutionStarted."""
        return {
            "OrchestrationInstance": {"InstanceId": self.instance_id, "ExecutionId": self.execution_id},
            "TaskScheduleId": self.task_id,
            "Name": self.name,
            "Version": "",
        }


@dataclass(slots=True)
class Summary:
    """The state row of an instance.

    `created` and `updated` are protocol timestamps; `raw_input` and `output` JSON text (the output of a failed or
    terminated instance is JSON text of the message); `custom_status` JSON text. `generation` counts executions,
    `episodes` the committed episodes of this execution. `consumed` names the inbox messages of the last episode,
    `carried` events that outlive a continue-as-new. `etag` fences writers: a stale one is refused.
    """

    instance_id: str
    name: str
    execution_id: str
    created: str
    updated: str
    status: RuntimeStatus = RuntimeStatus.PENDING
    version: str = ""
    generation: int = 0
    episodes: int = 0
    raw_input: str | None = None
    output: str | None = None
    custom_status: str | None = None
    parent: Parent | None = None
    consumed: list[str] = field(default_factory=list)
    carried: list[Event] = field(default_factory=list)
    etag: str = ""

    @property
    def execution(self) -> Execution:
        """The identity that an episode is given."""
        parent_id = self.parent.instance_id if self.parent else None
        return Execution(self.name, self.instance_id, self.execution_id, self.raw_input, parent_id)

    def started_event(self, now: datetime) -> Event:
        """The ExecutionStarted event that begins this execution."""
        return execution_started(
            now,
            name=self.name,
            instance_id=self.instance_id,
            execution_id=self.execution_id,
            raw_input=self.raw_input,
            version=self.version,
            parent=self.parent.as_event_field() if self.parent else None,
        )


@dataclass(frozen=True, slots=True)
class Message:
    """Something for an instance: a history event to add, or an `order` (`start`, `rewind`).

    `key` is the row key in the inbox, empty for messages that live only in this process (results of activities and
    timers, which the history brings back after a crash). `execution_id` limits a completion to one execution.
    """

    instance_id: str
    key: str = ""
    event: Event | None = None
    order: str = ""
    execution_id: str | None = None

    def dump(self) -> str:
        """JSON text for the inbox."""
        return json.dumps({"event": self.event, "order": self.order, "execution_id": self.execution_id})

    @classmethod
    def load(cls, instance_id: str, key: str, text: str) -> Message:
        """Read what `dump` wrote."""
        document = json.loads(text)
        return cls(instance_id, key, document["event"], document["order"], document["execution_id"])
