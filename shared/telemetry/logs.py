"""Log lines as events."""

import logging
import traceback
from collections.abc import Callable

from shared.ports.telemetry import Event
from shared.ports.tracing import TraceContext, scope

FACTS = ("run_id", "plan", "entity")
"""What a log record says of the work that it belongs to; attributes of the record, empty where there is none."""


def mark(record: logging.LogRecord) -> None:
    """Note in ``record`` where the work of the current task belongs."""
    current = scope()
    for name in FACTS:
        setattr(record, name, current.facts.get(name, "") if current else "")
    record.trace = current.context if current else None
    if record.exc_info and record.exc_info[0] is not None:
        record.raised = record.exc_info[0].__name__
        record.stack = _frames(record.exc_info)


def event_of(record: logging.LogRecord) -> Event:
    """A marked record as an event. Of an exception it tells the type and where it was raised, not what it says."""
    facts = {name: value for name in FACTS if (value := getattr(record, name, ""))}
    told = {"exception": getattr(record, "raised", ""), "stack": getattr(record, "stack", "")}
    attributes = {"logger": record.name, **facts, **{name: value for name, value in told.items() if value}}
    context: TraceContext | None = getattr(record, "trace", None)
    return Event(record.getMessage(), record.levelno, record.created, context, attributes)


class EventHandler(logging.Handler):
    """Hands records over as events."""

    def __init__(self, collect: Callable[[Event], None]) -> None:
        super().__init__(logging.INFO)
        self._collect = collect

    def emit(self, record: logging.LogRecord) -> None:
        """Called for every record that the logger lets pass."""
        self._collect(event_of(record))


def _frames(raised: tuple[type[BaseException], BaseException, object] | tuple[object, ...]) -> str:
    error = raised[1]
    frames = traceback.extract_tb(error.__traceback__) if isinstance(error, BaseException) else []
    return "\n".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)
