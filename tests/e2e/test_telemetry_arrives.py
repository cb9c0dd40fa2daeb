"""Telemetry of a real run, as an ingestion endpoint on this machine receives it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from azure.data.tables import TableServiceClient
from prometheus_client.parser import text_string_to_metric_families

from lab.ingestion import Envelope, Ingestion
from lab.system import Portal, System

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
USERS = 12
SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Told:
    """A run that is through, and everything that was told of it."""

    system: System
    run_id: str
    ingestion: Ingestion

    def spans(self) -> dict[str, Envelope]:
        """Requests and dependencies by their id."""
        kinds = ("RequestData", "RemoteDependencyData")
        return {data(one)["id"]: one for kind in kinds for one in self.ingestion.received(kind)}

    def above(self, span: Envelope) -> list[str]:
        """Names of the spans around one, from the innermost on."""
        spans, names = self.spans(), []
        while (found := spans.get(span["tags"].get("ai.operation.parentId", ""))) is not None:
            names.append(data(found)["name"])
            span = found
        return names


def data(envelope: Envelope) -> Envelope:
    """What an envelope holds."""
    inside: Envelope = envelope["data"]["baseData"]
    return inside


def metrics(ingestion: Ingestion, name: str) -> list[Envelope]:
    """The points of one metric."""
    return [one for one in ingestion.received("MetricData") if data(one)["metrics"][0]["name"] == name]


def imported_users(ingestion: Ingestion) -> int:
    """How many were told of by now."""
    points = [data(one) for one in metrics(ingestion, "portage.records")]
    wanted = {"entity": "user", "outcome": "imported"}
    return sum(one["metrics"][0]["value"] for one in points if one["properties"] == wanted)


def _arrived(ingestion: Ingestion) -> bool:
    return imported_users(ingestion) == USERS and bool(ingestion.received("MessageData"))


@pytest.fixture(scope="module")
def told(start_shared_system: Callable[..., System]) -> Iterator[Told]:
    with Ingestion() as ingestion:
        system = start_shared_system(
            Portal(users=USERS, departments=3, groups=0, rate=100_000.0, burst=100_000),
            settings={
                "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection,
                "PORTAGE_TELEMETRY_SECONDS": "0.5",
            },
        )
        body = {"plan": "bitrix24_onprem", "mode": "full", "entities": ["department", "user"]}
        headers = {"traceparent": f"00-{TRACE}-{CALLER}-01", "x-functions-key": system.keys.function}
        started = httpx.post(f"{system.hosts[0].ready()}/api/runs", json=body, headers=headers, timeout=30)
        run_id = started.json()["run_id"]
        assert ingestion.wait_for(_arrived, SECONDS)
        yield Told(system, run_id, ingestion)


def test_the_request_goes_on_in_the_trace_of_its_caller(told: Told) -> None:
    (request,) = told.ingestion.received("RequestData")
    assert data(request)["name"] == "POST /api/runs"
    assert request["tags"]["ai.operation.id"] == TRACE
    assert request["tags"]["ai.operation.parentId"] == CALLER


@pytest.mark.parametrize(
    ("system", "method", "stage"), [("source", "batch", "extract"), ("target", "import.users.batch", "import")]
)
def test_a_call_can_be_followed_back_to_the_request(told: Told, system: str, method: str, stage: str) -> None:
    calls = [one for one in told.spans().values() if data(one)["properties"].get("system") == system]
    call = next(one for one in calls if data(one)["name"] == method and stage in told.above(one))
    assert call["tags"]["ai.operation.id"] == TRACE
    assert told.above(call) == [stage, "POST /api/runs"]


def test_orchestrated_steps_belong_to_the_trace(told: Told) -> None:
    steps = [one for one in told.spans().values() if data(one)["name"] == "advance_run"]
    assert {one["tags"]["ai.operation.id"] for one in steps} == {TRACE}


def test_every_span_of_the_run_names_it(told: Told) -> None:
    inside = [one for one in told.spans().values() if one["tags"]["ai.operation.id"] == TRACE]
    named = {data(one)["properties"].get("run_id") for one in inside if told.above(one) != ["POST /api/runs"]}
    worked = {data(one)["properties"].get("run_id") for one in inside if data(one)["name"] in ("extract", "import")}
    assert named == worked == {told.run_id}


def test_a_log_line_names_its_run_and_belongs_to_its_trace(told: Told) -> None:
    line = next(one for one in told.ingestion.received("MessageData") if told.run_id in data(one)["message"])
    assert line["tags"]["ai.operation.id"] == TRACE
    assert data(line)["properties"].items() >= {"run_id": told.run_id, "plan": "bitrix24_onprem"}.items()


def test_every_record_is_measured_once(told: Told) -> None:
    assert imported_users(told.ingestion) == len(told.system.truth("user"))


@pytest.mark.parametrize(
    "name", ["portage.pages", "portage.calls", "portage.latency_ms", "portage.storage_transactions"]
)
def test_the_figures_of_a_run_arrive(told: Told, name: str) -> None:
    assert metrics(told.ingestion, name)


def test_no_secret_is_told(told: Told) -> None:
    bodies = b"\n".join(told.ingestion.bodies)
    assert [secret for secret in told.system.keys.all() if secret.encode() in bodies] == []


def test_no_name_or_address_of_a_person_is_told(told: Told) -> None:
    bodies = b"\n".join(told.ingestion.bodies).decode()
    people = [str(user[field]) for user in told.system.truth("user") for field in ("EMAIL", "LAST_NAME") if user[field]]
    assert people
    assert [one for one in people if one in bodies] == []


def test_history_and_messages_carry_nothing_of_the_trace(told: Told) -> None:
    with TableServiceClient.from_connection_string(told.system.storage) as service:
        held = {
            table.name
            for table in service.list_tables()
            for row in service.get_table_client(table.name).list_entities()
            if TRACE in repr(dict(row))
        }
    assert held == {"runs"}


def test_prometheus_can_read_the_same_counts(told: Told) -> None:
    answer = told.system.api().get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    wanted = {"entity": "user", "outcome": "imported"}
    found = [one.value for one in samples if one.name == "portage_records_total" and one.labels == wanted]
    assert found == [imported_users(told.ingestion)]


def test_metrics_are_only_for_those_who_have_a_key(told: Told) -> None:
    assert httpx.get(f"{told.system.hosts[0].ready()}/api/metrics").status_code == 401
