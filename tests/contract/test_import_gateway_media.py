"""Files from the media store into the real gateway."""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from io import BytesIO
from pathlib import Path

import httpx
import pytest

from connectors.import_gateway.address import GatewayAddress
from connectors.import_gateway.gateway import ImportGateway
from lab.processes import Process, environment, free_port, module
from shared.http.backoff import Backoff
from shared.http.client import HttpClient
from shared.model.errors import RecordRejected, RetryLater
from shared.model.records import OutgoingItem, Receipt
from shared.storage.memory.opening import open_memory_stores

CODE = "c0de-for-the-files"
MOST = 9 * 1024 * 1024


class OpenBudget:
    """Always gives leave."""

    async def acquire(self, method: str, calls: int = 1) -> None:
        """At once."""

    async def throttled(self, method: str, retry_after: float | None = None) -> None:
        """Nothing to remember."""

    def learn(self, per_minute: Mapping[str, int]) -> None:
        """Nothing to learn."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the gateway keeps its files."""
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Iterator[str]:
    """A gateway that takes files of up to 9 MiB; where it is."""
    directory, port = tmp_path_factory.mktemp("gateway"), free_port()
    settings = {
        "GATEWAY_PORT": str(port),
        "GATEWAY_CODES": f"7:{CODE}",
        "PORTAGE_DATA_DIR": str(directory),
        "GATEWAY_MAX_MEDIA_BYTES": str(MOST),
        "GATEWAY_MEDIA_DIR": str(files),
    }
    process = Process("gateway", module("gateway"), log_dir=directory, env=environment(settings))
    process.ready()
    yield f"http://127.0.0.1:{port}/webhook/7/{CODE}"
    process.stop()


@pytest.fixture
async def gateway(base: str) -> AsyncIterator[ImportGateway]:
    client = HttpClient("target", tally=lambda _method, _verdict: None, backoff=Backoff(attempts=1))
    yield ImportGateway(GatewayAddress.parse(base), client, OpenBudget(), open_memory_stores().media)
    await client.close()


async def _stored(gateway: ImportGateway, key: str, content: bytes, **told: object) -> OutgoingItem:
    """A file in the media store, and the item that brings it to the gateway."""

    async def parts() -> AsyncIterator[bytes]:
        yield content

    await gateway.files.write(f"portal/{key}", parts(), "image/png")
    digest = hashlib.sha256(content).hexdigest()
    data = {"key": key, "blob": f"portal/{key}", "size": len(content), "content_type": "image/png", "checksum": digest}
    return OutgoingItem(key, gateway.key("media_file", key, digest), digest, {**data, **told})


async def _write(gateway: ImportGateway, item: OutgoingItem) -> Receipt:
    (receipt,) = await gateway.write("media_file", "run-1", "batch-1", [item])
    return receipt


def _held(base: str, media_id: str | None) -> tuple[bytes, str]:
    answer = httpx.post(f"{base}/import.media.get", json={"media_id": media_id}).raise_for_status()
    return answer.content, answer.headers["Content-Type"]


async def test_a_file_of_many_blocks_arrives_byte_for_byte(gateway: ImportGateway, base: str) -> None:
    content = bytes(range(256)) * (4 * 1024 * 8) + b"the end"
    receipt = await _write(gateway, await _stored(gateway, "feed_post/1/0-large%20one.png", content))
    assert (receipt.outcome, receipt.action) == ("imported", "created")
    assert _held(base, receipt.target_id) == (content, "image/png")


async def test_an_empty_file_arrives(gateway: ImportGateway, base: str) -> None:
    receipt = await _write(gateway, await _stored(gateway, "task/1/0-empty", b""))
    assert _held(base, receipt.target_id)[0] == b""


async def test_the_same_file_again_is_no_write(gateway: ImportGateway) -> None:
    item = await _stored(gateway, "feed_post/2/0-a.png", b"a")
    first, second = await _write(gateway, item), await _write(gateway, item)
    assert (second.outcome, second.target_id) == ("skipped", first.target_id)


async def test_another_version_takes_the_place_of_the_first(gateway: ImportGateway, base: str) -> None:
    first = await _write(gateway, await _stored(gateway, "feed_post/3/0-a.png", b"old"))
    second = await _write(gateway, await _stored(gateway, "feed_post/3/0-a.png", b"new"))
    assert (second.outcome, second.action, second.target_id) == ("imported", "updated", first.target_id)
    assert _held(base, first.target_id)[0] == b"new"


@pytest.mark.parametrize("asked_before", [True, False], ids=["told before", "found out"])
async def test_a_file_that_the_gateway_finds_too_large_fails_alone(gateway: ImportGateway, asked_before: bool) -> None:
    if asked_before:
        await gateway.capabilities()
    receipt = await _write(gateway, await _stored(gateway, "feed_post/4/0-a.png", bytes(MOST + 1)))
    assert (receipt.outcome, receipt.code, receipt.retryable) == ("failed", "TOO_LARGE", False)


async def test_bytes_that_are_not_those_of_the_checksum_fail_alone(gateway: ImportGateway) -> None:
    item = await _stored(gateway, "feed_post/5/0-a.png", b"a", checksum="0" * 64)
    receipt = await _write(gateway, item)
    assert (receipt.outcome, receipt.code, receipt.retryable) == ("failed", "VALIDATION", False)


async def test_a_file_that_left_the_store_fails_alone(gateway: ImportGateway) -> None:
    item = await _stored(gateway, "feed_post/6/0-a.png", b"a")
    await gateway.files.delete("portal/feed_post/6/0-a.png")
    assert (await _write(gateway, item)).code == "GONE"


async def test_a_gateway_that_is_out_is_asked_again_later() -> None:
    client = HttpClient("target", tally=lambda _method, _verdict: None, backoff=Backoff(attempts=1))
    address = GatewayAddress.parse(f"http://127.0.0.1:{free_port()}/webhook/7/{CODE}")
    gateway = ImportGateway(address, client, OpenBudget(), open_memory_stores().media)
    with pytest.raises(RetryLater) as trouble:
        await _write(gateway, await _stored(gateway, "feed_post/7/0-a.png", b"a"))
    await client.close()
    assert trouble.value.reason.code == "target.unreachable"


async def test_a_file_comes_back_byte_for_byte_however_long_it_is(gateway: ImportGateway) -> None:
    content = bytes(range(256)) * 4096 * 5
    receipt = await _write(gateway, await _stored(gateway, "back/1", content))
    with BytesIO() as into:
        told = await gateway.fetch(str(receipt.target_id), into)
        assert into.getvalue() == content
    assert told == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("status", [404, 410])
async def test_a_gateway_that_says_by_its_status_that_a_file_is_gone_is_understood(status: int) -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(status, text="no such file"))
    client = HttpClient("target", tally=lambda _method, _verdict: None, http=httpx.AsyncClient(transport=transport))
    address = GatewayAddress.parse(f"http://127.0.0.1:1/webhook/7/{CODE}")
    with pytest.raises(RecordRejected) as caught:
        await ImportGateway(address, client, OpenBudget(), open_memory_stores().media).fetch("m1", BytesIO())
    assert caught.value.reason.code == "media.gone"


async def test_a_file_that_is_lost_on_the_gateways_disk_is_not_gone_for_sure(
    gateway: ImportGateway, base: str, files: Path
) -> None:
    receipt = await _write(gateway, await _stored(gateway, "lost/1", b"lost"))
    (files / hashlib.sha256(b"lost").hexdigest()).unlink()
    with pytest.raises(RetryLater):
        await gateway.fetch(str(receipt.target_id), BytesIO())


async def test_a_file_that_the_gateway_does_not_know_cannot_be_fetched(gateway: ImportGateway) -> None:
    with pytest.raises(RecordRejected) as caught:
        await gateway.fetch("m-unknown", BytesIO())
    assert caught.value.reason.code == "media.gone"


async def test_files_are_listed_with_the_checksums_of_their_bytes(gateway: ImportGateway) -> None:
    receipt = await _write(gateway, await _stored(gateway, "listed/1", b"content"))
    (found,) = [one for one in (await gateway.listing("media_file", "")).items if one.target_id == receipt.target_id]
    assert (found.source_id, found.foreign) == (None, False)
    assert found.checksum == hashlib.sha256(b"content").hexdigest()
