"""Files that do not come at once, or never: how often they are asked for, and what is said of them."""

import hashlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

from connectors.bitrix24.families.media import MediaReader
from connectors.bitrix24.readers.reader import Portal
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import SlowDown
from shared.model.json import Json, JsonObject
from shared.model.records import SourcePage, SourceRecord
from shared.model.run import RunOptions
from shared.storage.memory.media import MemoryMediaStore
from tests.unit.bitrix24_stand_in import connected, fetcher

PNG = b"\x89PNG\r\n\x1a\n" + random.Random(3).randbytes(500)
LOGIN = b"<!DOCTYPE html><html><head><title>Log in</title></head></html>"

Answer = Callable[[str, int], web.Response]
"""(number of a file, how often it was asked for before) → what its address answers."""


def file(_number: str, _before: int) -> web.Response:
    return web.Response(body=PNG, content_type="image/png")


def login(_number: str, _before: int) -> web.Response:
    return web.Response(body=LOGIN, content_type="text/html")


def document(_number: str, _before: int) -> web.Response:
    return web.Response(body=b"%PDF-1.7" + PNG[8:], content_type="application/pdf")


def failing(_number: str, _before: int) -> web.Response:
    return web.Response(status=502)


@dataclass
class Drive:
    """Files 1 to 9, each attached under its number and 100 more; ``answer`` is what their addresses lead to."""

    origin: str = ""
    answer: Answer = file
    downloads: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    names: dict[str, str] = field(default_factory=dict)
    denied: frozenset[tuple[str, str]] = frozenset()
    refusal: JsonObject = field(
        default_factory=lambda: {"error": "ACCESS_DENIED", "error_description": "Access denied"}
    )

    async def serve(self, request: web.Request) -> web.Response:
        number = request.path.rpartition("/")[2]
        self.downloads[number] += 1
        return self.answer(number, self.downloads[number] - 1)

    def as_user(self, user: str) -> Callable[[JsonObject], JsonObject]:
        """What the portal answers to the batches of one user."""

        def batch(body: JsonObject) -> JsonObject:
            results: JsonObject = {}
            errors: JsonObject = {}
            for key, command in body["cmd"].items():
                method, _, query = command.partition("?")
                card = self._card(method, dict(parse_qsl(query))["id"], user)
                (results if card else errors)[key] = card or self.refusal
            return {"result": {"result": results or [], "result_error": errors or []}}

        return batch

    def _card(self, method: str, asked: str, user: str) -> JsonObject | None:
        self.asked[method] += 1
        number = str(int(asked) - 100) if method == "disk.attachedobject.get" else asked
        if not 0 < int(number) < 10 or (user, number) in self.denied:
            return None
        name = self.names.get(number, f"{number}.png")
        card: JsonObject = {"NAME": name, "SIZE": str(len(PNG)), "DOWNLOAD_URL": f"{self.origin}/{number}"}
        return card | ({"OBJECT_ID": number} if number != asked else {})


@dataclass
class Rows:
    """One page of one owner's records."""

    records: tuple[SourceRecord, ...]
    options: RunOptions = field(default_factory=RunOptions)
    generation: str = "run"

    async def pages(self, entity: str) -> tuple[str, ...]:
        return ("the page",) if entity == "feed_post" else ()

    async def rows(self, _page: str) -> tuple[SourceRecord, ...]:
        return self.records


@pytest.fixture
async def drive() -> AsyncIterator[Drive]:
    drive = Drive()
    app = web.Application()
    app.router.add_get("/{path:.*}", drive.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    drive.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield drive
    await runner.cleanup()


Read = Callable[..., Awaitable[list[SourcePage]]]


@pytest.fixture
async def read(drive: Drive) -> AsyncIterator[Read]:
    """Reads all pages of ``files`` (of a post) or of records of another owner."""
    media = fetcher(drive.origin, MemoryMediaStore())
    webhooks = Webhooks(
        [], tuple(Webhook(user, "", user == "1", None, connected(drive.as_user(user))) for user in ("1", "5"))
    )
    reader = MediaReader(Portal("portal.example", webhooks, media), patience=(0.0, 0.0))

    async def pages(*files: Json, owner: str = "feed_post", row: JsonObject | None = None) -> list[SourcePage]:
        row = row or {"FILES": list(files), "seen_by": ["5"]}
        found, cursor = [], {"owner": owner, "page": "the page"}
        while cursor:
            page = await reader.read(cursor, Rows((SourceRecord("17", row),)))
            assert page.records == reader.rows(page.raw)
            found.append(page)
            cursor = page.next or {}
        return found

    yield pages
    await media.close()


def _rows(pages: list[SourcePage]) -> dict[str, JsonObject]:
    return {record.id: record.data for page in pages for record in page.records}


def _lost(pages: list[SourcePage]) -> dict[str, str]:
    return {one.id: one.reason for page in pages for one in page.lost}


async def test_a_row_says_all_that_a_manifest_needs(read: Read) -> None:
    rows = _rows(await read(103, 101))
    assert rows["feed_post-17-101"] == {
        "owner": "feed_post",
        "owner_id": "17",
        "position": 1,
        "attached_id": "101",
        "object_id": "1",
        "aliases": ["feed_post-17-n1"],
        "key": "feed_post/17/1-1.png",
        "name": "1.png",
        "size": len(PNG),
        "content_type": "image/png",
        "checksum": hashlib.sha256(PNG).hexdigest(),
        "blob": "portal.example/file/1/0-1.png",
        "reason": None,
    }


async def test_a_file_that_has_its_own_number_for_a_name_needs_no_other(read: Read) -> None:
    rows = _rows(await read("n1", 101, 102))
    assert {one: row["aliases"] for one, row in rows.items()} == {
        "feed_post-17-n1": [],
        "feed_post-17-101": [],
        "feed_post-17-102": ["feed_post-17-n2"],
    }


async def test_an_address_that_is_over_is_asked_for_once_more(drive: Drive, read: Read) -> None:
    drive.answer = lambda number, before: file(number, before) if before else login(number, before)
    pages = await read(101)
    assert _rows(pages)["feed_post-17-101"]["checksum"] == hashlib.sha256(PNG).hexdigest()
    assert (drive.asked["disk.file.get"], drive.downloads["1"]) == (2, 2)


async def test_a_login_page_behind_a_fresh_address_is_the_end(drive: Drive, read: Read) -> None:
    drive.answer = lambda number, before: login(number, before) if number == "1" else file(number, before)
    pages = await read(101, 102)
    assert _lost(pages) == {"feed_post-17-101": "media.login_page"}
    assert _rows(pages).keys() == {"feed_post-17-102"}
    assert drive.downloads["1"] == 2


async def test_a_picture_that_is_none_is_lost(drive: Drive, read: Read) -> None:
    drive.answer = document
    assert _lost(await read(101)) == {"feed_post-17-101": "media.wrong_type"}


async def test_a_file_whose_name_does_not_tell_is_looked_at(drive: Drive, read: Read) -> None:
    drive.names = {"1": "picture", "2": "document"}
    drive.answer = lambda number, before: (file if number == "1" else document)(number, before)
    rows = _rows(await read(101, 102))
    assert rows["feed_post-17-101"]["blob"]
    assert (rows["feed_post-17-102"]["blob"], rows["feed_post-17-102"]["reason"]) == (None, "media.out_of_scope")


async def test_what_is_no_picture_is_not_downloaded(drive: Drive, read: Read) -> None:
    drive.names = {"1": "contract.docx"}
    rows = _rows(await read(101))
    assert (rows["feed_post-17-101"]["reason"], rows["feed_post-17-101"]["name"]) == (
        "media.out_of_scope",
        "contract.docx",
    )
    assert not drive.downloads
    assert not drive.asked["disk.file.get"]


async def test_a_server_that_stumbles_is_tried_three_times_while_the_others_go_on(drive: Drive, read: Read) -> None:
    drive.answer = lambda number, before: failing(number, before) if number == "1" else file(number, before)
    pages = await read(101, 102, 103)
    assert _lost(pages) == {"feed_post-17-101": "media.unreachable"}
    assert _rows(pages).keys() == {"feed_post-17-102", "feed_post-17-103"}
    assert drive.downloads == {"1": 3, "2": 1, "3": 1}


async def test_a_server_that_recovers_loses_nothing(drive: Drive, read: Read) -> None:
    drive.answer = lambda number, before: file(number, before) if before == 2 else failing(number, before)
    assert (_lost(await read(101)), drive.downloads["1"]) == ({}, 3)


async def test_a_server_that_asks_for_a_pause_gets_it_and_that_is_no_failure(drive: Drive, read: Read) -> None:
    drive.answer = lambda _number, _before: web.Response(status=429, headers={"Retry-After": "7"})
    with pytest.raises(SlowDown) as caught:
        await read(101)
    assert caught.value.retry_after == 7


async def test_files_that_came_before_the_pause_are_not_fetched_again(drive: Drive, read: Read) -> None:
    drive.answer = lambda number, before: (
        web.Response(status=429) if number == "1" and not before else file(number, before)
    )
    pages = await read(101, 102)
    assert [len(page.records) for page in pages] == [1, 1]
    assert drive.downloads == {"1": 2, "2": 1}


async def test_a_file_that_is_gone_is_lost_alone(drive: Drive, read: Read) -> None:
    drive.refusal = {"error": "ERROR_NOT_FOUND", "error_description": "Could not find entity with id `199`"}
    pages = await read(199, 102)
    assert _lost(pages) == {"feed_post-17-199": "source.refused"}
    assert _rows(pages).keys() == {"feed_post-17-102"}


async def test_whoever_may_see_a_file_is_found(drive: Drive, read: Read) -> None:
    drive.denied = frozenset({("1", "1"), ("5", "2"), ("1", "3"), ("5", "3")})
    pages = await read(101, 102, 103)
    assert _rows(pages).keys() == {"feed_post-17-101", "feed_post-17-102"}
    assert _lost(pages) == {"feed_post-17-103": "source.denied"}


async def test_files_on_a_drive_that_the_portal_does_not_have_are_told_one_by_one(drive: Drive, read: Read) -> None:
    drive.refusal = {"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"}
    assert set(_lost(await read(199)).values()) == {"source.method_missing"}


async def test_the_number_that_a_comment_gives_may_be_that_of_an_attached_object(drive: Drive, read: Read) -> None:
    described = [{"id": 103, "name": "3.png", "type": "image"}, {"id": 4, "name": "4.png", "type": "image"}]
    row: JsonObject = {"author_id": "5", "attach": [103, 4], "files": described}
    rows = _rows(await read(owner="feed_comment", row=row))
    assert {one: row["object_id"] for one, row in rows.items()} == {
        "feed_comment-17-103": "3",
        "feed_comment-17-4": "4",
    }


async def test_a_number_that_nothing_proves_does_not_lead_to_another_file(read: Read) -> None:
    pages = await read(owner="feed_comment", row={"author_id": "5", "attach": [103], "files": []})
    assert (_rows(pages), _lost(pages)) == ({}, {"feed_comment-17-103": "source.denied"})


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://127.0.0.1:9/photo.png", "media.address_refused"),
        ("http://169.254.169.254/latest/meta-data", "media.address_refused"),
        ("https://elsewhere.example/photo.png", "media.address_refused"),
    ],
)
async def test_a_picture_somewhere_else_is_not_asked_for(read: Read, address: str, reason: str) -> None:
    assert _lost(await read(owner="user", row={"PERSONAL_PHOTO": address})) == {"user-17-picture": reason}


async def test_a_picture_without_a_host_is_one_of_the_portal(drive: Drive, read: Read) -> None:
    rows = _rows(await read(owner="user", row={"PERSONAL_PHOTO": "/7"}))
    assert rows["user-17-picture"]["checksum"] == hashlib.sha256(PNG).hexdigest()
    assert drive.downloads == {"7": 1}
