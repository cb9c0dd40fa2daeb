"""Hosts that die, stall, stop and share one storage account."""

import json
import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.data.tables import TableClient
from azure.storage.queue import QueueClient, TextBase64DecodePolicy, TextBase64EncodePolicy

from lab.azurite.server import AzuriteServer
from lab.hosted_app import HostedApp

APPS = Path(__file__).parents[1] / "replay" / "apps"
LEASE = {"PORTAGE_DEVHOST_LEASE_SECONDS": "1", "PORTAGE_QUEUE_LEASE_SECONDS": "2", "PORTAGE_DEVHOST_REPLAY_TWICE": "1"}
SOME, LONG = {"PORTAGE_DEVHOST_LEASE_SECONDS": "4"}, {"PORTAGE_DEVHOST_LEASE_SECONDS": "60"}
TREE = sum((number + step) ** 2 for number in range(4) for step in range(5))

StartHost = Callable[..., HostedApp]


@pytest.fixture(scope="module")
def connection() -> Iterator[str]:
    server = AzuriteServer()
    server.start()
    yield server.connection_string
    server.stop()


@pytest.fixture
def start_host(connection: str, tmp_path: Path) -> Iterator[StartHost]:
    """Starts hosts that share one storage; each is stopped after the test."""
    with ExitStack() as stack:

        def start(app: str = "patterns", settings: Mapping[str, str] | None = None) -> HostedApp:
            name = f"host-{uuid.uuid4().hex[:6]}"
            return stack.enter_context(HostedApp(APPS / app, connection, tmp_path, {**LEASE, **(settings or {})}, name))

        yield start


def queue(connection: str, name: str) -> QueueClient:
    client = QueueClient.from_connection_string(
        connection,
        name,
        message_encode_policy=TextBase64EncodePolicy(),
        message_decode_policy=TextBase64DecodePolicy(),
    )
    client.create_queue()
    return client


def take(client: QueueClient) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        message = client.receive_message()
        if message is not None:
            client.delete_message(message)
            return str(message.content)
        time.sleep(0.05)
    raise AssertionError(f"nothing came to {client.queue_name}")


def queues_of(test: str) -> dict[str, str]:
    names = ("INCOMING_QUEUE", "OUTGOING_QUEUE", "TIMER_QUEUE", "TICK_QUEUE")
    return {name: f"{test}-{name.partition('_')[0].lower()}" for name in names} | {"GREETING": ""}


def owns(app: HostedApp) -> bool:
    return bool(app.http.get("/admin/host/status").json()["owner"])


def test_orchestrations_come_to_the_right_end_through_several_kills(start_host: StartHost) -> None:
    host = start_host()
    instance_id = host.start("slow_tree")
    for _ in range(3):
        time.sleep(0.5)
        host.process.kill()
        host.restart()
    status = host.wait(instance_id)
    assert (status["runtimeStatus"], status["output"]) == ("Completed", TREE)


def test_timers_and_waits_for_events_survive_a_kill(start_host: StartHost) -> None:
    host = start_host()
    timer, wait = host.start("waits", 2), host.start("wait_for_end")
    host.wait(timer, "Running")
    host.wait(wait, "Running")
    host.process.kill()
    host.restart()
    host.raise_event(wait, "end", None)
    assert [host.wait(timer)["output"], host.wait(wait)["output"]] == ["waited", "ended"]


def test_requests_to_a_host_that_is_not_the_owner_are_served(start_host: StartHost) -> None:
    owner, other = start_host(settings=LONG), start_host(settings=LONG)
    assert (owns(owner), owns(other)) == (True, False)
    instance_id = other.start("wait_for_end")
    assert other.status(instance_id)["runtimeStatus"] in {"Pending", "Running"}
    other.wait(instance_id, "Running")
    assert other.raise_event(instance_id, "end", None) == 202
    assert other.wait(instance_id)["output"] == "ended"
    ended = other.start("wait_for_end")
    other.tell(ended, "terminate")
    assert other.wait(ended)["runtimeStatus"] == "Terminated"


def test_orchestrations_move_to_another_host_when_their_owner_is_killed(start_host: StartHost) -> None:
    owner, other = start_host(), start_host()
    instance_id = owner.start("slow_tree")
    time.sleep(0.4)
    owner.process.kill()
    assert other.wait(instance_id)["output"] == TREE
    assert owns(other)


def test_an_owner_that_stalls_beyond_its_lease_does_not_disturb_its_successor(start_host: StartHost) -> None:
    owner, other = start_host(settings=SOME), start_host(settings=SOME)
    instance_id = owner.start("slow_tree")
    time.sleep(0.3)
    os.kill(owner.process.pid, signal.SIGSTOP)
    try:
        other.wait(instance_id)
    finally:
        os.kill(owner.process.pid, signal.SIGCONT)
    second = owner.start("slow_tree")
    assert [other.wait(item)["output"] for item in (instance_id, second)] == [TREE, TREE]
    assert (owns(owner), owns(other)) == (False, True)


def test_a_stopped_host_gives_its_lease_back(start_host: StartHost, connection: str) -> None:
    host = start_host(settings={"PORTAGE_DEVHOST_LEASE_SECONDS": "600"})
    host.process.stop()
    with TableClient.from_connection_string(connection, "PatternsHost") as table:
        assert table.get_entity("lease", "owner")["Until"] == 0.0


def test_a_stopping_host_lets_a_running_activity_finish(start_host: StartHost) -> None:
    host = start_host()
    instance_id = host.start("slow_tree")
    time.sleep(0.3)
    assert host.process.stop() == 0
    host.restart()
    assert host.wait(instance_id)["output"] == TREE


def test_a_message_of_a_killed_host_comes_back_when_its_lease_runs_out(start_host: StartHost, connection: str) -> None:
    names = queues_of("killed")
    incoming, outgoing = queue(connection, names["INCOMING_QUEUE"]), queue(connection, names["OUTGOING_QUEUE"])
    settings = names | {"TICK_SCHEDULE": "0 0 0 1 1 *"}
    first = start_host("triggers", settings)
    incoming.send_message("first 30")
    while incoming.peek_messages():
        time.sleep(0.02)
    first.process.kill()
    start_host("triggers", settings)
    assert json.loads(take(outgoing))["attempt"] == 2


def test_a_message_that_outlasts_the_grace_period_is_handed_back_at_once(
    start_host: StartHost, connection: str
) -> None:
    names = queues_of("grace")
    incoming, outgoing = queue(connection, names["INCOMING_QUEUE"]), queue(connection, names["OUTGOING_QUEUE"])
    settings = names | {"TICK_SCHEDULE": "0 0 0 1 1 *", "PORTAGE_QUEUE_LEASE_SECONDS": "600"}
    stopping = start_host("triggers", settings | {"PORTAGE_DEVHOST_GRACE_SECONDS": "0.2"})
    incoming.send_message("first 5")
    while incoming.peek_messages():
        time.sleep(0.02)
    stopping.process.stop()
    other = start_host("triggers", settings)
    assert json.loads(take(outgoing))["attempt"] == 2
    other.process.stop()


def test_an_occurrence_missed_while_no_host_ran_is_made_up_for_as_past_due(
    start_host: StartHost, connection: str
) -> None:
    names = queues_of("missed")
    made_up = queue(connection, names["TIMER_QUEUE"])
    with TableClient.from_connection_string(connection, "TriggersHost") as table:
        with suppress(ResourceExistsError):
            table.create_table()
        table.upsert_entity({"PartitionKey": "timer", "RowKey": "yearly", "Next": "2026-01-01T00:00:00+00:00"})
    start_host("triggers", names | {"TICK_SCHEDULE": "0 0 0 1 1 *"})
    assert json.loads(take(made_up)) == {"past_due": True}


def test_timers_run_in_the_owner_only(start_host: StartHost, connection: str) -> None:
    names = queues_of("timers")
    ticks = queue(connection, names["TICK_QUEUE"])
    settings = names | SOME | {"TICK_SCHEDULE": "* * * * * *"}
    owner, other = start_host("triggers", settings), start_host("triggers", settings)
    assert {take(ticks) for _ in range(4)} == {str(owner.process.pid)}
    owner.process.kill()
    while ticks.receive_message():
        pass
    assert take(ticks) == str(other.process.pid)
