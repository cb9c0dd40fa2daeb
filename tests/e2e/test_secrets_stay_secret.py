"""No secret of a run turns up anywhere that somebody could read later."""

import base64
import binascii
import gzip
from collections.abc import Callable, Iterator

import httpx
import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from lab.system import Portal, System

Sink = tuple[str, bytes]


def _tables(system: System) -> Iterator[Sink]:
    with TableServiceClient.from_connection_string(system.storage) as service:
        for table in service.list_tables():
            for entity in service.get_table_client(table.name).list_entities():
                yield f"table {table.name} {entity['PartitionKey']}", repr(dict(entity)).encode()


def _blobs(system: System) -> Iterator[Sink]:
    with BlobServiceClient.from_connection_string(system.storage) as service:
        for container in service.list_containers():
            for blob in service.get_container_client(container.name).list_blobs():
                content = service.get_blob_client(container.name, blob.name).download_blob().readall()
                yield f"blob {container.name}/{blob.name}", _unzipped(content)


def _queues(system: System) -> Iterator[Sink]:
    with QueueServiceClient.from_connection_string(system.storage) as service:
        for queue in service.list_queues():
            for message in service.get_queue_client(queue.name).peek_messages(max_messages=32):
                yield f"queue {queue.name}", _decoded(str(message.content))


def _answers(system: System) -> Iterator[Sink]:
    api = system.api()
    runs = [run["run_id"] for run in api.get("/runs").json()]
    paths = ["/runs", "/plans", "/metrics", "/health", "/runs/unknown", *(f"/runs/{run_id}" for run_id in runs)]
    for path in paths:
        yield f"answer to GET {path}", api.get(path).content
    api.close()
    wrong = httpx.post(f"{system.gateway_url[:-3]}zzz/import.users.batch", json={})
    yield "answer of the gateway to a wrong code", wrong.content


def _files(system: System) -> Iterator[Sink]:
    for path in system.directory.rglob("*"):
        if path.is_file():
            yield f"file {path.name}", path.read_bytes()


def _unzipped(content: bytes) -> bytes:
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True) + content.encode()
    except (ValueError, binascii.Error):
        return content.encode()


@pytest.fixture(scope="module")
def troubled(start_shared_system: Callable[..., System]) -> System:
    """A system that saw an outage on either side, a halt, a refused webhook and a run that went through."""
    portal = Portal(users=60, departments=5, groups=5, rate=100_000.0, burst=100_000)
    system = start_shared_system(portal, settings={"PORTAGE_HALT_AFTER_SECONDS": "3"})
    api = system.api()
    api.wait(api.start())
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
    api.close()
    return system


@pytest.mark.parametrize(
    "sinks", [_tables, _blobs, _queues, _answers, _files], ids=["tables", "blobs", "queues", "answers", "files"]
)
def test_no_secret_is_to_be_found(troubled: System, sinks: Callable[[System], Iterator[Sink]]) -> None:
    leaks = [
        where for where, content in sinks(troubled) for secret in troubled.keys.all() if secret.encode() in content
    ]
    assert leaks == []


def test_the_search_finds_what_is_there(troubled: System) -> None:
    names = {where.split()[0] for sinks in (_tables, _blobs, _files) for where, _ in sinks(troubled)}
    assert names == {"table", "blob", "file"}
