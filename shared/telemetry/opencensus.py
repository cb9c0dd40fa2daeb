"""Telemetry to Application Insights through opencensus-ext-azure, which is retired upstream (see docs/adr).

Its module asks the locale and its exporters start threads: this is imported only where it was selected.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from opencensus.ext.azure.common.protocol import DataPoint
from opencensus.ext.azure.log_exporter import AzureLogHandler
from opencensus.ext.azure.metrics_exporter import MetricsExporter
from opencensus.ext.azure.trace_exporter import AzureExporter
from opencensus.trace.span import SpanKind as OcKind
from opencensus.trace.span_context import SpanContext
from opencensus.trace.span_data import SpanData
from opencensus.trace.status import Status

from shared.ports.telemetry import Event, Kind, Reading
from shared.ports.tracing import Span, SpanKind

_PATIENCE = 10.0
"""Seconds for one delivery."""

_UNKNOWN = 2
"""gRPC's code for an error of no special kind, which is what the library's statuses are made of."""

_KINDS = {SpanKind.REQUEST: OcKind.SERVER, SpanKind.WORK: OcKind.UNSPECIFIED, SpanKind.CALL: OcKind.CLIENT}
_PLACES = ("fileName", "lineNumber", "module", "process", "level")
"""What the library says of where a line was logged: paths of this machine."""


class OpenCensusTelemetry:
    """See ``shared.ports.telemetry.Telemetry``."""

    def __init__(self, connection: str, role: str) -> None:
        """``connection`` is a connection string; raises ValueError for one that the library cannot read."""
        options: dict[str, Any] = {
            "connection_string": connection,
            "enable_local_storage": False,
            "enable_standard_metrics": False,
            "timeout": _PATIENCE,
        }

        def named(envelope: Any) -> None:
            envelope.tags["ai.cloud.role"] = role

        self._metrics = _ReadingsExporter(**options)  # the only one that checks its options before it starts a thread
        self._spans = AzureExporter(**options)
        self._events = AzureLogHandler(**options)
        for exporter, amend in ((self._spans, _amend_span), (self._metrics, None), (self._events, _amend_event)):
            exporter.add_telemetry_processor(named)
            if amend is not None:
                exporter.add_telemetry_processor(amend)

    def spans(self, spans: Sequence[Span]) -> None:
        """As requests and dependencies."""
        self._spans.emit([_span_data(span) for span in spans])

    def metrics(self, readings: Sequence[Reading]) -> None:
        """As custom metrics."""
        self._metrics.export_metrics(readings)

    def events(self, events: Sequence[Event]) -> None:
        """As traces, which is what Application Insights calls log lines."""
        for event in events:
            self._events.emit(_record(event))
        self._events.flush(_PATIENCE)

    def close(self) -> None:
        """End the thread of the log handler; the others have nothing in hand."""
        self._events.close(_PATIENCE)


class _ReadingsExporter(MetricsExporter):  # type: ignore[misc]  # the library is not typed
    """The library's own form of a metric knows no count, least and most."""

    def metric_to_envelopes(self, reading: Reading) -> list[Any]:
        point = DataPoint(name=reading.metric.name, value=reading.value)
        if reading.metric.kind is Kind.HISTOGRAM:
            point.update(count=reading.count, min=reading.least, max=reading.most)
        return [self._create_envelope(point, datetime.fromtimestamp(reading.at, UTC), reading.dimensions)]


def _span_data(span: Span) -> Any:
    return SpanData(
        name=span.name,
        context=SpanContext(trace_id=span.context.trace_id, span_id=span.context.span_id),
        span_id=span.context.span_id,
        parent_span_id=span.parent,
        attributes={**span.attributes, "component": "HTTP", "name": span.name, "verdict": span.verdict},
        start_time=_instant(span.began),
        end_time=_instant(span.began + span.seconds),
        child_span_count=0,
        stack_trace=None,
        annotations=[],
        message_events=[],
        links=[],
        status=Status(0 if span.ok else _UNKNOWN),
        same_process_as_parent_span=None,
        span_kind=_KINDS[span.kind],
    )


def _amend_span(envelope: Any) -> None:
    """What the library would take from a URL, or does not look at."""
    data = envelope.data.baseData
    data.properties.pop("component", None)
    data.name = data.properties.pop("name")
    verdict = data.properties["verdict"]
    if envelope.data.baseType == "RequestData":
        envelope.tags["ai.operation.name"] = data.name
        data.responseCode = data.properties.get("status", verdict)
    else:
        data.resultCode = verdict
        data.target = data.properties.get("host")
        data.success = data.success and verdict == "ok"


def _record(event: Event) -> logging.LogRecord:
    record = logging.LogRecord("portage", event.level, "", 0, event.message, (), None)
    record.created = event.at
    record.custom_dimensions = {**event.attributes, "span": event.context.span_id if event.context else ""}
    if event.context:
        record.traceId = event.context.trace_id
    return record


def _amend_event(envelope: Any) -> None:
    properties = envelope.data.baseData.properties
    for name in _PLACES:
        properties.pop(name, None)
    if span := properties.pop("span"):
        envelope.tags["ai.operation.parentId"] = span
    else:
        del envelope.tags["ai.operation.id"], envelope.tags["ai.operation.parentId"]


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
