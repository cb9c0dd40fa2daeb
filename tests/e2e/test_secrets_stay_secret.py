"""No secret of a run turns up anywhere that somebody could read later."""

import base64
import binascii
import gzip
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from lab.system import Portal, System

Sink = tuple[str, bytes]

_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Troubled:
    """A system with its runs behind it, and the queue messages that were seen on the way."""

    system: System
    messages: tuple[Sink, ...]


def _tables(troubled: Troubled) -> Iterator[Sink]:
    with TableServiceClient.from_connection_string(troubled.system.storage) as service:
        for table in service.list_tables():
            for entity in service.get_table_client(table.name).list_entities():
                yield f"table {table.name} {entity['PartitionKey']}", repr(dict(entity)).encode()


def _blobs(troubled: Troubled) -> Iterator[Sink]:
    with BlobServiceClient.from_connection_string(troubled.system.storage) as service:
        for container in service.list_containers():
            for blob in service.get_container_client(container.name).list_blobs():
                content = service.get_blob_client(container.name, blob.name).download_blob().readall()
                yield f"blob {container.name}/{blob.name}", _unzipped(content)


def _queues(troubled: Troubled) -> Iterator[Sink]:
    yield from troubled.messages
    yield from _waiting_messages(troubled.system)


def _answers(troubled: Troubled) -> Iterator[Sink]:
    system = troubled.system
    api = system.api(-1)
    runs = [run["run_id"] for run in api.get("/runs").json()]
    paths = ["/runs", "/plans", "/metrics", "/health", "/runs/unknown", *(f"/runs/{run_id}" for run_id in runs)]
    for path in paths:
        yield f"answer to GET {path}", api.get(path).content
    api.close()
    wrong = httpx.post(f"{system.gateway_url[:-3]}zzz/import.users.batch", json={})
    yield "answer of the gateway to a wrong code", wrong.content


def _files(troubled: Troubled) -> Iterator[Sink]:
    for path in troubled.system.directory.rglob("*"):
        if path.is_file():
            yield f"file {path.name}", path.read_bytes()


def _unzipped(content: bytes) -> bytes:
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True) + content.encode()
    except (ValueError, binascii.Error):
        return content.encode()


def _waiting_messages(system: System) -> list[Sink]:
    with QueueServiceClient.from_connection_string(system.storage) as service:
        return [
            (f"queue {queue.name}", _decoded(str(message.content)))
            for queue in service.list_queues()
            for message in service.get_queue_client(queue.name).peek_messages(max_messages=32)
        ]


def _until(found: Callable[[], list[Sink]], what: str) -> list[Sink]:
    deadline = time.monotonic() + _SECONDS
    while not (result := found()):
        assert time.monotonic() < deadline, f"never saw {what}"
        time.sleep(0.05)
    return result


def _switch_portal(system: System, **mode: Any) -> None:
    httpx.post(f"{system.portal_url}/__sim/mode", json=mode).raise_for_status()


def _messages_of_a_killed_host(system: System) -> list[Sink]:
    """Kill the host while it has messages in hand: when their lease is over they lie in the queues to be read."""

    def outstanding() -> list[Sink]:
        with QueueServiceClient.from_connection_string(system.storage) as service:
            names = [queue.name for queue in service.list_queues()]
            held = {name: service.get_queue_client(name).get_queue_properties() for name in names}
        return [(name, b"") for name, found in held.items() if found.approximate_message_count]

    _switch_portal(system, faults=1.0, kinds=["slow"], slow_ms=2000)
    run_id = system.api(-1).start()
    _until(outstanding, "a message")
    system.hosts[-1].kill()
    messages = _until(lambda: _waiting_messages(system), "a message that can be read")
    _switch_portal(system, faults=0.0)
    system.start_host()
    system.api(-1).act(run_id, "cancel")
    return messages


@pytest.fixture(scope="module")
def troubled(start_shared_system: Callable[..., System]) -> Troubled:
    """A system that saw a killed host, outages of both sides, a refused webhook, halts, and runs that went through."""
    portal = Portal(users=60, departments=5, groups=5, rate=100_000.0, burst=100_000)
    system = start_shared_system(portal, settings={"PORTAGE_HALT_AFTER_SECONDS": "3"})
    messages = _messages_of_a_killed_host(system)
    api = system.api(-1)
    for outage, recovery in (
        (system.stop_gateway, system.start_gateway),
        (system.stop_portal, system.start_portal),
    ):
        outage()
        run_id = api.start()
        api.wait(run_id, {"halted"})
        recovery()
        api.act(run_id, "resume")
        api.wait(run_id)
    _switch_portal(system, revoked=[system.keys.webhook])
    api.wait(api.start(), {"halted"})
    api.close()
    return Troubled(system, tuple(messages))


SINKS = pytest.mark.parametrize(
    "sinks", [_tables, _blobs, _queues, _answers, _files], ids=["tables", "blobs", "queues", "answers", "files"]
)


@SINKS
def test_no_secret_is_to_be_found(troubled: Troubled, sinks: Callable[[Troubled], Iterator[Sink]]) -> None:
    secrets = troubled.system.keys.all()
    assert [where for where, content in sinks(troubled) for secret in secrets if secret.encode() in content] == []


@SINKS
def test_the_search_can_read_what_it_searches(troubled: Troubled, sinks: Callable[[Troubled], Iterator[Sink]]) -> None:
    """Every sink names a run: one in which nothing was found for want of looking would not."""
    assert any(re.search(rb"run-\d{8}-\d{6}-\w{6}", content) for _, content in sinks(troubled))
