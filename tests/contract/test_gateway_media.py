"""Media (contract §3): upload, dedupe, replacement, refusal, download, listing."""

import hashlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.unit.gateway.gateway_process import CODE, NOW, RunningGateway, running, user

MOST = 1_000_000


@pytest.fixture(scope="module")
def gateway(gateway_store: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway that takes files of a million bytes, and bodies of a tenth of that."""
    settings = {"GATEWAY_MAX_MEDIA_BYTES": str(MOST), "GATEWAY_MAX_BYTES": str(MOST // 10), **gateway_store}
    with running(tmp_path_factory.mktemp("media"), settings) as process:
        yield process


def _put(gateway: RunningGateway, key: str, content: bytes, **instead: str) -> httpx.Response:
    headers = {
        "Content-Type": "image/png",
        "X-Media-Key": key,
        "X-Checksum-Sha256": hashlib.sha256(content).hexdigest(),
        "X-Run-Id": "r1",
    }
    changed = {name.replace("_", "-"): value for name, value in instead.items()}
    return gateway.post("import.media.put", content=content, headers={**headers, **changed})


def _stored(gateway: RunningGateway) -> set[str]:
    return {path.name for path in (gateway.directory / "media").iterdir()}


def test_a_file_comes_back_as_it_was_sent(gateway: RunningGateway) -> None:
    content = bytes(range(256)) * 1000
    put = _put(gateway, "feed/123/2-photo.png", content).json()
    digest = hashlib.sha256(content).hexdigest()
    assert put == {"media_id": put["media_id"], "size": 256_000, "checksum": digest, "action": "created"}
    got = gateway.post("import.media.get", {"media_id": put["media_id"]})
    assert (got.status_code, got.content) == (200, content)
    assert (got.headers["X-Checksum-Sha256"], got.headers["Content-Type"]) == (digest, "image/png")


def test_the_same_file_under_the_same_key_is_a_no_op(gateway: RunningGateway) -> None:
    first, second = _put(gateway, "same", b"abc").json(), _put(gateway, "same", b"abc").json()
    assert second == {**first, "action": "unchanged"}


def test_another_content_under_the_same_key_replaces_the_file(gateway: RunningGateway) -> None:
    first, second = _put(gateway, "replaced", b"old").json(), _put(gateway, "replaced", b"newer").json()
    assert (second["action"], second["size"]) == ("replaced", 5)
    assert gateway.post("import.media.get", {"media_id": second["media_id"]}).content == b"newer"
    assert first["checksum"] not in _stored(gateway)


def test_two_keys_with_the_same_content_share_one_file_until_both_are_replaced(gateway: RunningGateway) -> None:
    one, other = _put(gateway, "twin/1", b"shared").json(), _put(gateway, "twin/2", b"shared").json()
    assert one["media_id"] != other["media_id"]
    _put(gateway, "twin/1", b"no longer")
    assert gateway.post("import.media.get", {"media_id": other["media_id"]}).content == b"shared"
    _put(gateway, "twin/2", b"no longer")
    assert one["checksum"] not in _stored(gateway)


def test_a_body_that_does_not_match_its_checksum_is_refused_and_not_kept(gateway: RunningGateway) -> None:
    before = _stored(gateway)
    answer = _put(gateway, "wrong", b"abc", X_Checksum_Sha256="0" * 64)
    assert (answer.status_code, answer.json()["error"]) == (400, "MALFORMED")
    assert _stored(gateway) == before


def test_a_checksum_may_be_spelled_in_capitals(gateway: RunningGateway) -> None:
    assert _put(gateway, "capitals", b"abc", X_Checksum_Sha256=hashlib.sha256(b"abc").hexdigest().upper()).is_success


WRONG_HEADERS = [
    {"X_Media_Key": ""},
    {"X_Media_Key": "a b"},
    {"X_Media_Key": "100%"},
    {"X_Media_Key": "%zz"},
    {"X_Media_Key": "k" * 513},
    {"X_Checksum_Sha256": ""},
    {"X_Checksum_Sha256": "abc"},
    {"X_Checksum_Sha256": "../../../etc/passwd"},
    {"Content_Type": "image"},
    {"Content_Type": "image/png\u00e9"},
]


@pytest.mark.parametrize("headers", WRONG_HEADERS, ids=str)
def test_a_header_of_another_form_is_malformed(gateway: RunningGateway, headers: dict[str, str]) -> None:
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = _put(gateway, "key", b"abc", **encoded)  # type: ignore[arg-type]  # httpx takes bytes too
    assert (answer.status_code, answer.json()["error"]) == (400, "MALFORMED")


@pytest.mark.parametrize("key", ["k" * 512, "feed/123/%D1%84.png", "../../../up", "a/b?c=d&e[0]", "!~"])
def test_any_percent_encoded_key_is_taken(gateway: RunningGateway, key: str) -> None:
    media_id = _put(gateway, key, b"key").json()["media_id"]
    listed = gateway.ask("import.media.list", {})["items"]
    assert [one["key"] for one in listed if one["media_id"] == media_id] == [key]


def test_an_empty_file_is_a_file(gateway: RunningGateway) -> None:
    assert _put(gateway, "empty", b"").json()["size"] == 0


def test_a_file_may_be_larger_than_a_body_of_json(gateway: RunningGateway) -> None:
    assert _put(gateway, "most", b"x" * MOST).json()["size"] == MOST


def test_a_file_that_is_too_large_is_refused(gateway: RunningGateway) -> None:
    answer = _put(gateway, "large", b"x" * (MOST + 1))
    assert (answer.status_code, answer.json()["error"]) == (413, "BATCH_TOO_LARGE")


def test_a_file_that_does_not_say_how_large_it_is_is_taken_as_it_comes(gateway: RunningGateway) -> None:
    content = b"x" * 300_000
    headers = {"X-Media-Key": "stream", "X-Checksum-Sha256": hashlib.sha256(content).hexdigest()}
    chunks = (content[start : start + 10_000] for start in range(0, len(content), 10_000))
    answer = gateway.post("import.media.put", content=chunks, headers=headers)
    assert answer.json()["size"] == 300_000


def test_a_file_that_turns_out_too_large_is_refused_and_not_kept(gateway: RunningGateway) -> None:
    before = _stored(gateway)
    headers = {"X-Media-Key": "stream", "X-Checksum-Sha256": "0" * 64}
    answer = gateway.post("import.media.put", content=(b"x" * 100_000 for _ in range(11)), headers=headers)
    assert answer.status_code == 413
    assert _stored(gateway) == before


def test_an_upload_that_breaks_off_leaves_nothing(gateway: RunningGateway) -> None:
    before = _stored(gateway)
    head = (
        f"POST /webhook/7/{CODE}/import.media.put HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
        f"X-Media-Key: broken\r\nX-Checksum-Sha256: {'0' * 64}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", gateway.port)) as client:
        client.sendall(head.encode() + b"x" * 500)
        while not any(name.endswith(".part") for name in _stored(gateway)):
            time.sleep(0.01)
    while _stored(gateway) != before:
        time.sleep(0.01)


def test_files_are_listed_by_key_in_pages(gateway: RunningGateway) -> None:
    everything = gateway.ask("import.media.list", {"after": "", "limit": 1000})
    assert everything["next"] is None
    keys = [one["key"] for one in everything["items"]]
    assert keys == sorted(keys)
    assert all(one.keys() == {"media_id", "key", "size", "checksum"} for one in everything["items"])
    pages: list[Any] = []
    after: str | None = ""
    while after is not None:
        page = gateway.ask("import.media.list", {"after": after, "limit": 3})
        pages += page["items"]
        after = page["next"]
    assert pages == everything["items"]


def test_a_record_refers_to_a_file_by_its_media_id(gateway: RunningGateway) -> None:
    media_id = _put(gateway, "photo", b"photo").json()["media_id"]
    author = gateway.create("user", "1", **user(1, photo_media_id=media_id))
    post = {"author_id": author, "published_at": NOW}
    assert gateway.create("feed_post", "1", **post, media_ids=[media_id])
    assert gateway.failure("feed_post", "2", **post, media_ids=[media_id, "photo"]) == ("REFERENCE", "media_ids")


def test_a_file_that_was_lost_is_unavailable(gateway: RunningGateway) -> None:
    put = _put(gateway, "lost", b"lost").json()
    (gateway.directory / "media" / put["checksum"]).unlink()
    answer = gateway.post("import.media.get", {"media_id": put["media_id"]})
    assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")


def test_a_file_that_was_lost_is_there_again_once_it_is_sent_again(gateway: RunningGateway) -> None:
    put = _put(gateway, "found", b"found").json()
    (gateway.directory / "media" / put["checksum"]).unlink()
    _put(gateway, "found", b"found")
    assert gateway.post("import.media.get", {"media_id": put["media_id"]}).content == b"found"
