"""Files of the simulated portal: where they are, and how their bytes are had."""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from lab.simulators.bitrix24.disk.contents import content
from lab.simulators.bitrix24.disk.signing import Signer

ARGUMENTS = ("--users", "40", "--groups", "6", "--tasks", "120", "--posts", "60", "--chats", "30", "--messages", "500")


@pytest.fixture(scope="module")
def portal(start_portal: Any) -> Any:
    return start_portal(*ARGUMENTS, "--pictures", "--webhook", "1:secret", "--webhook", "39:other::noadmin")


@pytest.fixture(scope="module")
def files(portal: Any) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in portal.look("truth/file")}


def attached(portal: Any) -> Iterator[int]:
    for task in portal.look("truth/task"):
        yield from task["ufTaskWebdavFiles"] or []


def matches(answer: httpx.Response, truth: dict[str, Any]) -> bool:
    return (len(answer.content), hashlib.sha256(answer.content).hexdigest()) == (truth["size"], truth["sha256"])


def test_an_attachment_leads_to_its_file_and_the_file_to_its_bytes(portal: Any, files: dict[str, Any]) -> None:
    for number in list(attached(portal))[:20]:
        link = portal.call("disk.attachedObject.get", {"id": number})["result"]
        file = portal.call("disk.file.get", {"id": link["OBJECT_ID"]})["result"]

        assert (link["NAME"], link["SIZE"]) == (file["NAME"], file["SIZE"])
        assert matches(portal.http.get(file["DOWNLOAD_URL"]), files[file["ID"]])


def test_some_downloads_do_not_say_how_long_they_are(portal: Any, files: dict[str, Any]) -> None:
    said = set()
    for number in list(attached(portal))[:20]:
        link = portal.call("disk.attachedObject.get", {"id": number})["result"]
        file = portal.call("disk.file.get", {"id": link["OBJECT_ID"]})["result"]
        said.add("content-length" in portal.http.get(file["DOWNLOAD_URL"]).headers)

    assert said == {True, False}
    assert files


def test_a_session_address_is_a_login_page_with_status_200(portal: Any) -> None:
    number = next(attached(portal))
    address = portal.call("disk.attachedObject.get", {"id": number})["result"]["DOWNLOAD_URL"]

    answer = portal.http.get(address)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=UTF-8")


def test_an_address_that_is_too_old_is_a_login_page(start_portal: Any) -> None:
    portal = start_portal("--users", "20", "--tasks", "40", "--url-ttl", "0")
    link = portal.call("disk.attachedObject.get", {"id": next(attached(portal))})["result"]

    answer = portal.http.get(portal.call("disk.file.get", {"id": link["OBJECT_ID"]})["result"]["DOWNLOAD_URL"])

    assert answer.text.startswith("<!DOCTYPE html>")


def test_a_forged_address_is_a_login_page(portal: Any) -> None:
    answer = portal.http.get(f"{portal.url}/rest/download.json", params={"token": "disk|aWQ9MQ==|x"})

    assert answer.headers["content-type"].startswith("text/html")


def test_a_caller_without_ordinary_headers_is_not_found(portal: Any) -> None:
    link = portal.call("disk.attachedObject.get", {"id": next(attached(portal))})["result"]
    address = portal.call("disk.file.get", {"id": link["OBJECT_ID"]})["result"]["DOWNLOAD_URL"]

    assert portal.http.get(address, headers={"user-agent": ""}).status_code == 404


def test_no_webhook_secret_is_in_an_address(portal: Any) -> None:
    link = portal.call("disk.attachedObject.get", {"id": next(attached(portal))})["result"]
    file = portal.call("disk.file.get", {"id": link["OBJECT_ID"]})["result"]

    assert "secret" not in link["DOWNLOAD_URL"] + file["DOWNLOAD_URL"]


def test_a_file_of_a_chat_is_had_through_the_chat(portal: Any, files: dict[str, Any]) -> None:
    mine = [chat["id"] for chat in portal.look("truth/chat") if 1 in chat["members"]]
    chat, number = next(
        (row["chat_id"], row["params"]["FILE_ID"][0])
        for row in portal.look("truth/chat_message")
        if row["params"] and "FILE_ID" in row["params"] and row["chat_id"] in mine
    )

    answer = portal.call("im.v2.File.download", {"dialogId": f"chat{chat}", "fileId": number})

    assert matches(portal.http.get(answer["result"]["downloadUrl"]), files[str(number)])


def test_a_file_of_another_chat_is_not_found(portal: Any) -> None:
    chat = next(chat["id"] for chat in portal.look("truth/chat") if 1 in chat["members"])

    answer = portal.post("im.v2.File.download", {"dialogId": f"chat{chat}", "fileId": 1})

    assert (answer.status_code, answer.json()["error"]) == (400, "FILE_NOT_FOUND")


def test_a_download_is_refused_in_a_batch(portal: Any) -> None:
    sections = portal.batch({"a": "im.v2.File.download?dialogId=chat1&fileId=1"})

    assert sections["result_error"]["a"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"


def test_files_may_be_looked_up_in_a_batch(portal: Any) -> None:
    number = next(attached(portal))

    sections = portal.batch(
        {"a": f"disk.attachedObject.get?id={number}", "b": "disk.file.get?id=$result[a][OBJECT_ID]"}
    )

    assert sections["result"]["b"]["ID"] == sections["result"]["a"]["OBJECT_ID"]


def test_a_file_that_does_not_exist_is_an_error(portal: Any) -> None:
    assert portal.post("disk.file.get", {"id": 999_999}).json()["error"] == "ERROR_NOT_FOUND"
    assert portal.post("disk.file.get").json()["error"] == "ERROR_ARGUMENT"


def test_a_private_file_is_kept_from_an_administrator(portal: Any) -> None:
    private = {chat["id"] for chat in portal.look("truth/chat") if chat["type"] == "chat" and 1 not in chat["members"]}
    number = next(
        row["params"]["FILE_ID"][0]
        for row in portal.look("truth/chat_message")
        if row["params"] and "FILE_ID" in row["params"] and row["chat_id"] in private
    )

    assert portal.post("disk.file.get", {"id": number}).json()["error"] == "ACCESS_DENIED"


def test_pictures_of_people_groups_and_chats_are_on_the_portal(portal: Any) -> None:
    pictures = portal.look("truth/picture")
    shown = {row["PERSONAL_PHOTO"] for row in portal.look("truth/user") if "PERSONAL_PHOTO" in row}
    shown |= {row["IMAGE"] for row in portal.look("truth/group") if "IMAGE" in row}
    shown |= {row["avatar"] for row in portal.look("truth/chat") if row["avatar"]}

    assert shown == {row["id"] for row in pictures}
    assert all(matches(portal.http.get(row["id"]), row) for row in pictures[:5])


def test_pictures_are_elsewhere_unless_asked_for(start_portal: Any) -> None:
    portal = start_portal("--users", "20")

    assert portal.look("truth/picture") == []
    assert {row["PERSONAL_PHOTO"][:24] for row in portal.look("truth/user") if "PERSONAL_PHOTO" in row} == {
        "https://cdn.example.com/"
    }


def test_downloads_are_counted_apart_from_methods(portal: Any) -> None:
    link = portal.call("disk.attachedObject.get", {"id": next(attached(portal))})["result"]
    address = portal.call("disk.file.get", {"id": link["OBJECT_ID"]})["result"]["DOWNLOAD_URL"]
    before = portal.look("stats")

    portal.http.get(address)

    after = portal.look("stats")
    assert after["calls"]["download"] == before["calls"].get("download", 0) + 1
    assert after["requests"] == before["requests"]


def test_a_portal_that_is_down_gives_no_bytes(start_portal: Any) -> None:
    portal = start_portal("--users", "10")
    portal.mode(down=True)

    assert portal.http.get(f"{portal.url}/rest/download.json").status_code == 502


def test_a_png_is_whole() -> None:
    body = content("png", 5)
    width, height = struct.unpack_from(">II", body, 16)
    length = struct.unpack_from(">I", body, 33)[0]

    assert body[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(zlib.decompress(body[41 : 41 + length])) == height * (1 + 3 * width)


@pytest.mark.parametrize(("kind", "begin", "end"), [("jpg", b"\xff\xd8\xff", b"\xff\xd9"), ("gif", b"GIF89a", b"\x3b")])
def test_other_pictures_begin_and_end_as_they_should(kind: str, begin: bytes, end: bytes) -> None:
    assert content(kind, 5).startswith(begin)
    assert content(kind, 5).endswith(end)


def test_bytes_depend_on_the_seed_alone() -> None:
    assert content("docx", 5) == content("docx", 5) != content("docx", 6)


def test_a_signature_is_good_until_its_time_is_up() -> None:
    now = [1000.0]
    signer = Signer(60, lambda: now[0])
    token = signer.token("disk", 17)

    now[0] += 59
    assert signer.file(token) == 17
    now[0] += 1
    assert signer.file(token) is None
