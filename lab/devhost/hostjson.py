"""`host.json`, as far as a local host can honour it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from lab.devhost.errors import StartError
from lab.devhost.settings import expand
from lab.devhost.timespans import parse_timespan

_CORES = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """`extensions.queues`. `visibility_timeout` delays a *failed* message; the lease is not configured here."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout: timedelta = timedelta(0)
    max_polling_interval: timedelta = timedelta(seconds=2)
    base64: bool = True


@dataclass(frozen=True, slots=True)
class DurableConfig:
    """`extensions.durableTask`."""

    hub: str = "TestHubName"
    max_activities: int = 10 * _CORES
    max_orchestrators: int = 10 * _CORES
    max_actions: int = 100_000
    default_version: str | None = None


@dataclass(frozen=True, slots=True)
class HostConfig:
    """The whole file. `function_timeout` is `None` when the file says unbounded (-1)."""

    route_prefix: str = "api"
    function_timeout: timedelta | None = timedelta(minutes=30)
    queues: QueueConfig = field(default_factory=QueueConfig)
    durable: DurableConfig = field(default_factory=DurableConfig)


def read_host_config(path: Path) -> HostConfig:
    """Read `path` strictly: comments, a byte-order mark or stray characters break the SDK's own import-time parse.

    Raises `StartError` naming the file when it is missing, is not JSON or holds a value of the wrong form.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StartError(f"{path.name} is missing in {path.parent}") from None
    except ValueError as error:
        raise StartError(f"{path.name} is not strict JSON: {error}") from error
    try:
        return _host_config(document)
    except (ValueError, TypeError, AttributeError) as error:
        raise StartError(f"{path.name} has a value that cannot be read: {error}") from error


def _host_config(document: dict[str, Any]) -> HostConfig:
    extensions: dict[str, Any] = document.get("extensions") or {}
    timeout = document.get("functionTimeout", "00:30:00")
    return HostConfig(
        route_prefix=str((extensions.get("http") or {}).get("routePrefix", "api")).strip("/"),
        function_timeout=None if timeout in {"-1", "-00:00:01"} else parse_timespan(timeout),
        queues=_queue_config(extensions.get("queues") or {}),
        durable=_durable_config(extensions.get("durableTask") or {}),
    )


def _queue_config(section: dict[str, Any]) -> QueueConfig:
    batch = int(section.get("batchSize", 16))
    if not 1 <= batch <= 32:
        raise ValueError("extensions.queues.batchSize must be between 1 and 32")
    encoding = str(section.get("messageEncoding", "base64")).lower()
    if encoding not in {"base64", "none"}:
        raise ValueError("extensions.queues.messageEncoding must be base64 or none")
    return QueueConfig(
        batch_size=batch,
        new_batch_threshold=int(section.get("newBatchThreshold", batch // 2)),
        max_dequeue_count=int(section.get("maxDequeueCount", 5)),
        visibility_timeout=parse_timespan(section.get("visibilityTimeout", "00:00:00")),
        max_polling_interval=_interval(section.get("maxPollingInterval", "00:00:02")),
        base64=encoding == "base64",
    )


def _interval(value: str | int) -> timedelta:
    # The extension also takes whole milliseconds here.
    return timedelta(milliseconds=value) if isinstance(value, int) else parse_timespan(value)


def _durable_config(section: dict[str, Any]) -> DurableConfig:
    hub = expand(str(section.get("hubName") or "TestHubName"))
    if not (hub.isascii() and hub.isalnum() and hub[0].isalpha() and 3 <= len(hub) <= 45):
        raise ValueError("extensions.durableTask.hubName must be 3 to 45 letters and digits, a letter first")
    return DurableConfig(
        hub=hub,
        max_activities=int(section.get("maxConcurrentActivityFunctions", 10 * _CORES)),
        max_orchestrators=int(section.get("maxConcurrentOrchestratorFunctions", 10 * _CORES)),
        max_actions=int(section.get("maxOrchestrationActions", 100_000)),
        default_version=section.get("defaultVersion"),
    )
