"""What every adapter delivers to Application Insights, as an ingestion endpoint on this machine receives it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from lab.ingestion import Envelope, Ingestion
from shared.ports.telemetry import Event, Reading, Telemetry
from shared.ports.tracing import Span, SpanKind, TraceContext
from shared.telemetry.catalogue import DEAD_LETTERS, LATENCY, RECORDS
from shared.telemetry.selecting import Adapter, select

AT = 1_760_000_000.0
ROOT = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
REQUEST = Span("POST /api/runs", SpanKind.REQUEST, ROOT, None, AT, 0.25, "ok", ok=True, attributes={"run_id": "run-1"})
CALL = Span(
    "user.get",
    SpanKind.CALL,
    TraceContext(ROOT.trace_id, "00f067aa0ba902b7"),
    ROOT.span_id,
    AT,
    0.125,
    "ok",
    ok=True,
    attributes={"run_id": "run-1", "system": "source", "host": "portal.example:443"},
)


@pytest.fixture
def ingestion() -> Iterator[Ingestion]:
    with Ingestion() as running:
        yield running


@pytest.fixture(params=[Adapter.OPENCENSUS, Adapter.OPENTELEMETRY])
def telemetry(request: pytest.FixtureRequest, ingestion: Ingestion) -> Iterator[Telemetry]:
    made = select(request.param, ingestion.connection)
    yield made
    made.close()


def _data(envelope: Envelope) -> Envelope:
    data: Envelope = envelope["data"]["baseData"]
    return data


def test_a_request_arrives_with_its_trace(telemetry: Telemetry, ingestion: Ingestion) -> None:
    telemetry.spans([REQUEST])
    (envelope,) = ingestion.received("RequestData")
    assert envelope["tags"]["ai.operation.id"] == ROOT.trace_id
    assert "ai.operation.parentId" not in envelope["tags"]
    data = _data(envelope)
    assert (data["name"], data["id"], data["duration"]) == ("POST /api/runs", ROOT.span_id, "0.00:00:00.250")
    assert data["success"] is True
    assert data["properties"]["run_id"] == "run-1"


def test_a_call_arrives_as_a_dependency_below_its_parent(telemetry: Telemetry, ingestion: Ingestion) -> None:
    telemetry.spans([CALL])
    (envelope,) = ingestion.received("RemoteDependencyData")
    assert envelope["tags"]["ai.operation.id"] == ROOT.trace_id
    assert envelope["tags"]["ai.operation.parentId"] == ROOT.span_id
    data = _data(envelope)
    assert (data["name"], data["target"], data["type"]) == ("user.get", "portal.example:443", "HTTP")
    assert (data["duration"], data["success"], data["resultCode"]) == ("0.00:00:00.125", True, "ok")


def test_a_call_tells_no_url(telemetry: Telemetry, ingestion: Ingestion) -> None:
    telemetry.spans([CALL])
    (envelope,) = ingestion.received("RemoteDependencyData")
    assert not _data(envelope).get("data")


def test_work_of_our_own_is_no_request(telemetry: Telemetry, ingestion: Ingestion) -> None:
    telemetry.spans([replace(CALL, name="extract", kind=SpanKind.WORK)])
    (envelope,) = ingestion.received()
    assert envelope["data"]["baseType"] == "RemoteDependencyData"
    assert _data(envelope)["type"].lower() == "inproc"


@pytest.mark.parametrize("span", [REQUEST, CALL, replace(CALL, kind=SpanKind.WORK)], ids=lambda span: span.kind)
def test_a_failure_arrives_as_one_with_its_reason(telemetry: Telemetry, ingestion: Ingestion, span: Span) -> None:
    telemetry.spans([replace(span, verdict="source.unreachable", ok=False)])
    (envelope,) = ingestion.received()
    assert _data(envelope)["success"] is False
    assert _data(envelope)["properties"]["verdict"] == "source.unreachable"


def test_a_counter_arrives_as_the_sum_with_its_dimensions(telemetry: Telemetry, ingestion: Ingestion) -> None:
    telemetry.metrics([Reading(RECORDS, ("deal", "created"), AT, 500.0, 10)])
    (envelope,) = ingestion.received("MetricData")
    (point,) = _data(envelope)["metrics"]
    assert (point["name"], point["value"]) == ("portage.records", 500.0)
    assert _data(envelope)["properties"] == {"entity": "deal", "outcome": "created"}


def test_a_gauge_arrives_as_its_value(telemetry: Telemetry, ingestion: Ingestion) -> None:
    telemetry.metrics([Reading(DEAD_LETTERS, (), AT, 3.0)])
    (envelope,) = ingestion.received("MetricData")
    assert _data(envelope)["metrics"][0]["value"] == 3.0


def test_a_distribution_arrives_with_count_and_extremes(telemetry: Telemetry, ingestion: Ingestion) -> None:
    telemetry.metrics([Reading(LATENCY, ("source", "user.get"), AT, 120.0, 3, 20.0, 70.0)])
    (envelope,) = ingestion.received("MetricData")
    (point,) = _data(envelope)["metrics"]
    assert [point[name] for name in ("value", "count", "min", "max")] == [120.0, 3, 20.0, 70.0]


def test_several_metrics_at_once_all_arrive(telemetry: Telemetry, ingestion: Ingestion) -> None:
    one, other = Reading(RECORDS, ("deal", "created"), AT, 1.0), Reading(RECORDS, ("user", "created"), AT, 2.0)
    telemetry.metrics([one, Reading(DEAD_LETTERS, (), AT, 3.0), other])
    arrived = [_data(envelope)["metrics"][0]["value"] for envelope in ingestion.received("MetricData")]
    assert sorted(arrived) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(("level", "severity"), [(20, 1), (30, 2), (40, 3), (50, 4)])
def test_a_log_line_arrives_with_its_severity(
    telemetry: Telemetry, ingestion: Ingestion, level: int, severity: int
) -> None:
    telemetry.events([Event("a run has begun", level, AT, ROOT, {"run_id": "run-1", "plan": "one"})])
    (envelope,) = ingestion.received("MessageData")
    data = _data(envelope)
    assert (data["message"], data["severityLevel"]) == ("a run has begun", severity)
    assert data["properties"].items() >= {"run_id": "run-1", "plan": "one"}.items()


def test_a_log_line_belongs_to_the_span_that_it_was_said_in(telemetry: Telemetry, ingestion: Ingestion) -> None:
    telemetry.events([Event("a run has begun", 20, AT, ROOT)])
    (envelope,) = ingestion.received("MessageData")
    assert envelope["tags"]["ai.operation.id"] == ROOT.trace_id
    assert envelope["tags"]["ai.operation.parentId"] == ROOT.span_id


def test_everything_bears_the_name_of_the_application(telemetry: Telemetry, ingestion: Ingestion) -> None:
    telemetry.spans([REQUEST])
    telemetry.metrics([Reading(DEAD_LETTERS, (), AT, 3.0)])
    telemetry.events([Event("a run has begun", 20, AT)])
    assert [envelope["tags"]["ai.cloud.role"] for envelope in ingestion.received()] == ["portage"] * 3


@pytest.mark.parametrize("status", [400, 429, 503])
def test_an_endpoint_that_refuses_does_no_harm(telemetry: Telemetry, ingestion: Ingestion, status: int) -> None:
    ingestion.refusing = status
    telemetry.spans([REQUEST])
    telemetry.metrics([Reading(DEAD_LETTERS, (), AT, 3.0)])
    telemetry.events([Event("lost", 20, AT)])
    ingestion.refusing = None
    telemetry.events([Event("arrives", 20, AT)])
    assert [_data(envelope)["message"] for envelope in ingestion.received("MessageData")] == ["arrives"]


@pytest.mark.parametrize("adapter", [Adapter.OPENCENSUS, Adapter.OPENTELEMETRY])
def test_an_endpoint_that_is_not_there_does_no_harm(adapter: Adapter) -> None:
    with Ingestion() as gone:
        connection = gone.connection
    telemetry = select(adapter, connection)
    telemetry.spans([REQUEST])
    telemetry.metrics([Reading(DEAD_LETTERS, (), AT, 3.0)])
    telemetry.events([Event("lost", 20, AT)])
    telemetry.close()
