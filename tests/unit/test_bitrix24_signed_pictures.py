"""Pictures of people and groups whose addresses are signed: they are asked for anew when they are fetched."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.bitrix24_drive import Drive, Reading, file, login, lost_of, reading, rows_of, serving

MASKED = "/7?size=100&sig=***"
OWNERS = [("user", "PERSONAL_PHOTO", "user.get"), ("group", "IMAGE", "sonet_group.get")]


@pytest.fixture
async def drive() -> AsyncIterator[Drive]:
    async with serving(Drive(pictures={"17": "/7?size=100&sig=secret", "18": "/8?sig=secret"})) as drive:
        yield drive


@pytest.fixture
async def read(drive: Drive) -> AsyncIterator[Reading]:
    async with reading(drive) as reads:
        yield reads


@pytest.mark.parametrize(("owner", "field", "method"), OWNERS)
async def test_a_picture_is_fetched_from_a_fresh_address(
    drive: Drive, read: Reading, owner: str, field: str, method: str
) -> None:
    pages = await read(owner=owner, row={field: MASKED})
    assert rows_of(pages)[f"{owner}-17-picture"]["blob"] is not None
    assert (drive.asked, drive.downloads) == ({method: 1}, {"7": 1})


@pytest.mark.parametrize(("owner", "field", "_method"), OWNERS)
async def test_an_address_without_a_signature_need_not_be_asked_for(
    drive: Drive, read: Reading, owner: str, field: str, _method: str
) -> None:
    await read(owner=owner, row={field: "/7"})
    assert (drive.asked, drive.downloads) == ({}, {"7": 1})


async def test_pictures_of_a_turn_are_asked_for_together(drive: Drive, read: Reading) -> None:
    (page,) = await read.all("user", {"PERSONAL_PHOTO": MASKED}, {"PERSONAL_PHOTO": "/8?sig=***"})
    assert drive.downloads == {"7": 1, "8": 1}
    assert page.calls == 1 + 2


async def test_no_signature_is_archived_with_a_picture(read: Reading) -> None:
    (page,) = await read(owner="user", row={"PERSONAL_PHOTO": MASKED})
    assert b"sig=***" in b"".join(page.raw)
    assert b"secret" not in b"".join(page.raw)


async def test_an_address_that_is_over_is_asked_for_once_more(drive: Drive, read: Reading) -> None:
    drive.answer = lambda number, before: file(number, before) if before else login(number, before)
    pages = await read(owner="user", row={"PERSONAL_PHOTO": MASKED})
    assert rows_of(pages)["user-17-picture"]["blob"] is not None
    assert (drive.asked["user.get"], drive.downloads["7"]) == (2, 2)


async def test_a_picture_that_its_owner_has_no_more_is_left_out(drive: Drive, read: Reading) -> None:
    drive.pictures = {}
    pages = await read(owner="user", row={"PERSONAL_PHOTO": MASKED})
    assert rows_of(pages)["user-17-picture"]["reason"] == "media.removed"
    assert (lost_of(pages), drive.downloads) == ({}, {})
