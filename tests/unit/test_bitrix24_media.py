"""Files that do not come at once, or never: how often they are asked for, and what is said of them."""

import hashlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from shared.model.errors import SlowDown
from shared.model.json import JsonObject
from tests.unit.bitrix24_drive import (
    PNG,
    Drive,
    Reading,
    document,
    failing,
    file,
    login,
    lost_of,
    reading,
    rows_of,
    serving,
)


@pytest.fixture
async def drive() -> AsyncIterator[Drive]:
    async with serving(Drive()) as drive:
        yield drive


@pytest.fixture
async def read(drive: Drive) -> AsyncIterator[Reading]:
    async with reading(drive) as read:
        yield read


async def test_a_row_says_all_that_a_manifest_needs(read: Reading) -> None:
    rows = rows_of(await read(103, 101))
    assert rows["feed_post-17-101"] == {
        "owner": "feed_post",
        "owner_id": "17",
        "position": 1,
        "attached_id": "101",
        "object_id": "1",
        "aliases": ["feed_post-17-n1"],
        "key": "feed_post/17/101-1.png",
        "name": "1.png",
        "size": len(PNG),
        "content_type": "image/png",
        "checksum": hashlib.sha256(PNG).hexdigest(),
        "blob": "portal.example/file/1/0-1.png",
        "reason": None,
    }


async def test_files_that_change_places_keep_their_keys(read: Reading) -> None:
    before, after = rows_of(await read(101, 102)), rows_of(await read(102, 101))
    assert {one: row["position"] for one, row in after.items()} != {one: row["position"] for one, row in before.items()}
    assert {one: row["key"] for one, row in after.items()} == {one: row["key"] for one, row in before.items()}


async def test_a_file_that_has_its_own_number_for_a_name_needs_no_other(read: Reading) -> None:
    rows = rows_of(await read("n1", 101, 102))
    assert {one: row["aliases"] for one, row in rows.items()} == {
        "feed_post-17-n1": [],
        "feed_post-17-101": [],
        "feed_post-17-102": ["feed_post-17-n2"],
    }


async def test_an_address_that_is_over_is_asked_for_once_more(drive: Drive, read: Reading) -> None:
    drive.answer = lambda number, before: file(number, before) if before else login(number, before)
    pages = await read(101)
    assert rows_of(pages)["feed_post-17-101"]["checksum"] == hashlib.sha256(PNG).hexdigest()
    assert (drive.asked["disk.file.get"], drive.downloads["1"]) == (2, 2)


async def test_a_login_page_behind_a_fresh_address_is_the_end(drive: Drive, read: Reading) -> None:
    drive.answer = lambda number, before: login(number, before) if number == "1" else file(number, before)
    pages = await read(101, 102)
    assert lost_of(pages) == {"feed_post-17-101": "media.login_page"}
    assert rows_of(pages).keys() == {"feed_post-17-102"}
    assert drive.downloads["1"] == 2


async def test_a_picture_that_is_none_islost_of(drive: Drive, read: Reading) -> None:
    drive.answer = document
    assert lost_of(await read(101)) == {"feed_post-17-101": "media.wrong_type"}


async def test_a_file_whose_name_does_not_tell_is_looked_at(drive: Drive, read: Reading) -> None:
    drive.names = {"1": "picture", "2": "document"}
    drive.answer = lambda number, before: (file if number == "1" else document)(number, before)
    rows = rows_of(await read(101, 102))
    assert rows["feed_post-17-101"]["blob"]
    assert (rows["feed_post-17-102"]["blob"], rows["feed_post-17-102"]["reason"]) == (None, "media.out_of_scope")


async def test_what_is_no_picture_is_not_downloaded(drive: Drive, read: Reading) -> None:
    drive.names = {"1": "contract.docx"}
    rows = rows_of(await read(101))
    assert (rows["feed_post-17-101"]["reason"], rows["feed_post-17-101"]["name"]) == (
        "media.out_of_scope",
        "contract.docx",
    )
    assert not drive.downloads
    assert not drive.asked["disk.file.get"]


async def test_a_server_that_stumbles_is_tried_five_times_while_the_others_go_on(drive: Drive, read: Reading) -> None:
    drive.answer = lambda number, before: failing(number, before) if number == "1" else file(number, before)
    pages = await read(101, 102, 103)
    assert lost_of(pages) == {"feed_post-17-101": "media.unreachable"}
    assert rows_of(pages).keys() == {"feed_post-17-102", "feed_post-17-103"}
    assert drive.downloads["1"] == 5
    assert not read.rests


async def test_a_server_that_recovers_loses_nothing(drive: Drive, read: Reading) -> None:
    drive.answer = lambda number, before: file(number, before) if before == 2 else failing(number, before)
    assert (lost_of(await read(101)), drive.downloads["1"]) == ({}, 3)


async def test_a_server_that_asks_for_a_pause_gets_it_and_that_is_no_failure(drive: Drive, read: Reading) -> None:
    drive.answer = lambda _number, _before: web.Response(status=429, headers={"Retry-After": "7"})
    with pytest.raises(SlowDown) as caught:
        await read(101)
    assert caught.value.retry_after == 7


async def test_files_that_came_before_the_pause_are_not_fetched_again(drive: Drive, read: Reading) -> None:
    drive.answer = lambda number, before: (
        web.Response(status=429) if number == "1" and not before else file(number, before)
    )
    pages = await read(101, 102)
    assert [len(page.records) for page in pages] == [1, 1]
    assert drive.downloads == {"1": 2, "2": 1}


GONE: JsonObject = {"error": "ERROR_NOT_FOUND", "error_description": "Could not find entity with id `199`"}


async def test_a_file_that_the_portal_has_no_more_is_left_out_and_counted(drive: Drive, read: Reading) -> None:
    drive.refusal = GONE
    pages = await read(199, 102)
    assert {one: row["reason"] for one, row in rows_of(pages).items()} == {
        "feed_post-17-199": "media.removed",
        "feed_post-17-102": None,
    }
    assert (lost_of(pages), [page.coverage for page in pages]) == ({}, [{"file_gone": 1}])


async def test_a_file_that_goes_between_its_card_and_its_address_is_left_out_too(drive: Drive, read: Reading) -> None:
    drive.refusal, drive.denied = GONE, frozenset({("1", "1"), ("5", "1")})
    drive.cards_only = True
    pages = await read(101)
    assert rows_of(pages)["feed_post-17-101"]["reason"] == "media.removed"
    assert (lost_of(pages), drive.downloads) == ({}, {})


async def test_a_file_that_goes_while_its_address_is_asked_for_again_is_left_out_too(
    drive: Drive, read: Reading
) -> None:
    def going(number: str, before: int) -> web.Response:
        drive.refusal, drive.denied = GONE, frozenset({("1", "1"), ("5", "1")})
        return login(number, before)

    drive.answer = going
    pages = await read(101)
    assert rows_of(pages)["feed_post-17-101"]["reason"] == "media.removed"
    assert lost_of(pages) == {}


async def test_a_file_is_not_gone_as_long_as_somebody_else_is_denied_it(drive: Drive, read: Reading) -> None:
    drive.denied = frozenset({("1", "1"), ("5", "1")})
    drive.refusals = {"5": GONE}
    assert lost_of(await read(101)) == {"feed_post-17-101": "source.denied"}


async def test_a_bare_number_that_leads_nowhere_may_be_of_another_count(drive: Drive, read: Reading) -> None:
    drive.refusal = GONE
    pages = await read(owner="feed_comment", row={"author_id": "5", "attach": [103], "files": []})
    assert (rows_of(pages), lost_of(pages)) == ({}, {"feed_comment-17-103": "source.not_found"})


@pytest.mark.parametrize(("status", "reason"), [(403, "media.link_expired"), (404, "media.link_expired")])
async def test_an_address_that_leads_nowhere_does_not_show_that_the_file_is_gone(
    drive: Drive, read: Reading, status: int, reason: str
) -> None:
    drive.answer = lambda _number, _before: web.Response(status=status)
    assert lost_of(await read(101)) == {"feed_post-17-101": reason}


async def test_whoever_may_see_a_file_is_found(drive: Drive, read: Reading) -> None:
    drive.denied = frozenset({("1", "1"), ("5", "2"), ("1", "3"), ("5", "3")})
    pages = await read(101, 102, 103)
    assert rows_of(pages).keys() == {"feed_post-17-101", "feed_post-17-102"}
    assert lost_of(pages) == {"feed_post-17-103": "source.denied"}


async def test_files_on_a_drive_that_the_portal_does_not_have_are_told_one_by_one(drive: Drive, read: Reading) -> None:
    drive.refusal = {"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"}
    assert set(lost_of(await read(199)).values()) == {"source.method_missing"}


async def test_the_number_that_a_comment_gives_may_be_that_of_an_attached_object(drive: Drive, read: Reading) -> None:
    described = [{"id": 103, "name": "3.png", "type": "image"}, {"id": 4, "name": "4.png", "type": "image"}]
    row: JsonObject = {"author_id": "5", "attach": [103, 4], "files": described}
    rows = rows_of(await read(owner="feed_comment", row=row))
    assert {one: row["object_id"] for one, row in rows.items()} == {
        "feed_comment-17-103": "3",
        "feed_comment-17-4": "4",
    }


async def test_a_number_that_nothing_proves_does_not_lead_to_another_file(read: Reading) -> None:
    pages = await read(owner="feed_comment", row={"author_id": "5", "attach": [103], "files": []})
    assert (rows_of(pages), lost_of(pages)) == ({}, {"feed_comment-17-103": "source.denied"})


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://127.0.0.1:9/photo.png", "media.address_refused"),
        ("http://169.254.169.254/latest/meta-data", "media.address_refused"),
        ("https://elsewhere.example/photo.png", "media.address_refused"),
    ],
)
async def test_a_picture_somewhere_else_is_not_asked_for(read: Reading, address: str, reason: str) -> None:
    assert lost_of(await read(owner="user", row={"PERSONAL_PHOTO": address})) == {"user-17-picture": reason}


async def test_a_picture_without_a_host_is_one_of_the_portal(drive: Drive, read: Reading) -> None:
    rows = rows_of(await read(owner="user", row={"PERSONAL_PHOTO": "/7"}))
    assert rows["user-17-picture"]["checksum"] == hashlib.sha256(PNG).hexdigest()
    assert drive.downloads == {"7": 1}
