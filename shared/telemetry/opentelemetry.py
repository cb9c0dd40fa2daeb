"""Telemetry to Application Insights through OpenTelemetry's exporter of Azure Monitor.

Importing it takes a second and some 40 MB: this is imported only where it was selected.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from azure.monitor.opentelemetry.exporter import (
    AzureMonitorLogExporter,
    AzureMonitorMetricExporter,
    AzureMonitorTraceExporter,
)
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.metrics.export import Metric as OtelMetric
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, TraceFlags
from opentelemetry.trace import SpanKind as OtelKind
from opentelemetry.trace.status import Status, StatusCode

from shared.ports.telemetry import Event, Kind, Metric, Reading
from shared.ports.tracing import Span, SpanKind

_KINDS = {SpanKind.REQUEST: OtelKind.SERVER, SpanKind.WORK: OtelKind.INTERNAL, SpanKind.CALL: OtelKind.CLIENT}
_PATIENCE = 10.0
"""Seconds for one delivery."""

_SCOPE = InstrumentationScope("portage")
_SEVERITIES = (
    (50, SeverityNumber.FATAL),
    (40, SeverityNumber.ERROR),
    (30, SeverityNumber.WARN),
    (20, SeverityNumber.INFO),
)


class OpenTelemetryTelemetry:
    """See ``shared.ports.telemetry.Telemetry``."""

    def __init__(self, connection: str, role: str) -> None:
        """``connection`` is a connection string; raises ValueError for one that the library cannot read."""
        options: dict[str, Any] = {
            "connection_string": connection,
            "disable_offline_storage": True,
            "retry_total": 1,
            "timeout": _PATIENCE,
        }
        self._resource = Resource({"service.name": role})
        self._spans = _SpansExporter(**options)
        self._metrics = AzureMonitorMetricExporter(**options)
        self._events = AzureMonitorLogExporter(**options)

    def spans(self, spans: Sequence[Span]) -> None:
        """As requests and dependencies."""
        self._spans.export([self._readable_span(span) for span in spans])

    def metrics(self, readings: Sequence[Reading]) -> None:
        """As custom metrics."""
        ordered = sorted(readings, key=lambda reading: reading.metric.name)
        metrics = [
            OtelMetric(metric.name, metric.about, "", _points(metric, list(found)))
            for metric, found in groupby(ordered, key=lambda reading: reading.metric)
        ]
        scoped = ScopeMetrics(_SCOPE, metrics, "")
        self._metrics.export(MetricsData([ResourceMetrics(self._resource, [scoped], "")]))

    def events(self, events: Sequence[Event]) -> None:
        """As traces, which is what Application Insights calls log lines."""
        self._events.export([ReadableLogRecord(_record(event), self._resource, _SCOPE) for event in events])

    def close(self) -> None:
        """Close the connections."""
        for exporter in (self._spans, self._metrics, self._events):
            exporter.shutdown()
            exporter.client.close()

    def _readable_span(self, span: Span) -> ReadableSpan:
        began = int(span.began * 1e9)
        peer = {"peer.service": span.attributes["host"]} if span.kind is SpanKind.CALL else {}
        return ReadableSpan(
            span.name,
            context=_context(span.context.trace_id, span.context.span_id),
            parent=_context(span.context.trace_id, span.parent) if span.parent else None,
            resource=self._resource,
            attributes={**span.attributes, **peer, "verdict": span.verdict},
            kind=_KINDS[span.kind],
            status=Status(StatusCode.OK if span.ok else StatusCode.ERROR),
            start_time=began,
            end_time=began + int(span.seconds * 1e9),
            instrumentation_scope=_SCOPE,
        )


class _SpansExporter(AzureMonitorTraceExporter):
    """The library takes the kind of a dependency and its result from attributes that make it tell a URL, too."""

    def _span_to_envelope(self, span: ReadableSpan) -> Any:
        envelope: Any = super()._span_to_envelope(span)
        data = envelope.data.base_data
        if span.kind is not OtelKind.SERVER:
            data.result_code = (span.attributes or {})["verdict"]
        if span.kind is OtelKind.CLIENT:
            data.type = "HTTP"
        return envelope


def _context(trace_id: str, span_id: str) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=TraceFlags(1))


def _points(metric: Metric, readings: list[Reading]) -> Gauge | Histogram | Sum:
    if metric.kind is Kind.HISTOGRAM:
        return Histogram([_distribution(reading) for reading in readings], AggregationTemporality.DELTA)
    points = [NumberDataPoint(one.dimensions, 0, int(one.at * 1e9), one.value) for one in readings]
    if metric.kind is Kind.GAUGE:
        return Gauge(points)
    return Sum(points, AggregationTemporality.DELTA, is_monotonic=True)


def _distribution(reading: Reading) -> HistogramDataPoint:
    at = int(reading.at * 1e9)
    return HistogramDataPoint(
        attributes=reading.dimensions,
        start_time_unix_nano=at,
        time_unix_nano=at,
        count=reading.count,
        sum=reading.value,
        bucket_counts=[reading.count],
        explicit_bounds=[],
        min=reading.least,
        max=reading.most,
    )


def _record(event: Event) -> LogRecord:
    severity = next((number for level, number in _SEVERITIES if event.level >= level), SeverityNumber.DEBUG)
    return LogRecord(
        timestamp=int(event.at * 1e9),
        trace_id=int(event.context.trace_id, 16) if event.context else None,
        span_id=int(event.context.span_id, 16) if event.context else None,
        severity_number=severity,
        body=event.message,
        attributes=dict(event.attributes),
    )
