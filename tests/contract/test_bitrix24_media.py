"""Files of a simulated portal in a process of its own: each arrives byte for byte, or is listed."""

import asyncio
import hashlib
from collections.abc import Iterator

import orjson
import pytest

from connectors.bitrix24.readers.attachments import is_picture
from shared.model.json import JsonObject
from shared.model.run import RunOptions
from shared.storage.memory.media import MemoryMediaStore
from tests.contract.simulated_portal import Copy, SimulatedPortal, simulated_portal

SECRETS = {1: "s3cret-of-the-admin", 5: "s3cret-of-a-colleague", 9: "s3cret-of-another"}
NARROW = "s3cret-without-the-drive"
OWNERS = ("department", "user", "group", "feed_audience", "feed_post", "feed_comment", "task", "task_comment")


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPortal]:
    webhooks = [f"{user}:{secret}{'' if user == 1 else '::noadmin'}" for user, secret in SECRETS.items()]
    named = [part for one in (*webhooks, f"1:{NARROW}:user,department,log,sonet_group") for part in ("--webhook", one)]
    size = ("--users", "60", "--groups", "8", "--departments", "6", "--posts", "250", "--tasks", "120")
    limits = ("--rate", "0", "--operating-limit", "0", "--slow-ms", "20", "--url-ttl", "2")
    with simulated_portal(tmp_path_factory.mktemp("portal"), *named, *size, *limits, "--pictures") as portal:
        yield portal


@pytest.fixture(autouse=True)
def calm(portal: SimulatedPortal) -> None:
    portal.switch(faults=0.0)


async def _copy(portal: SimulatedPortal, options: RunOptions, store: MemoryMediaStore, *secrets: str) -> Copy:
    urls = [portal.webhook(secret) for secret in secrets] or [
        portal.webhook(one, user) for user, one in SECRETS.items()
    ]
    copy = Copy(portal.source(*urls, store=store), options)
    await copy.fetch(*(one for one in OWNERS if not secrets or not one.startswith("task")))
    copy.source.reader("media_file").patience = (0.0,) * 4  # type: ignore[attr-defined]
    await copy.fetch("media_file")
    return copy


@pytest.fixture(scope="module")
def store() -> MemoryMediaStore:
    return MemoryMediaStore()


@pytest.fixture(scope="module")
def copied(portal: SimulatedPortal, store: MemoryMediaStore) -> Copy:
    """Everything, while the portal stumbles."""
    portal.switch(faults=0.1)
    return asyncio.run(_copy(portal, RunOptions(private_posts=True, task_files=True), store))


async def _content(store: MemoryMediaStore, row: JsonObject) -> bytes:
    return b"".join([block async for block in store.read(row["blob"])])


def _of(copy: Copy, *owners: str) -> dict[str, JsonObject]:
    return {one: row for one, row in copy.rows_of("media_file").items() if row["owner"] in owners}


def _lost(copy: Copy) -> dict[str, str]:
    return {one.id: one.reason for page in copy.read["media_file"] for one in page.lost}


async def test_every_file_is_stored_as_the_portal_has_it(
    portal: SimulatedPortal, copied: Copy, store: MemoryMediaStore
) -> None:
    truth = {one["id"]: one for one in portal.truth("file")}
    rows = [row for row in _of(copied, "feed_post", "feed_comment", "task", "task_comment").values() if row["blob"]]
    assert rows
    for row in rows:
        file = truth[row["object_id"]]
        content = await _content(store, row)
        assert (row["name"], row["size"], row["checksum"]) == (file["name"], file["size"], file["sha256"])
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["size"], file["sha256"])


async def test_every_picture_of_a_person_or_group_is_stored_as_it_is(
    portal: SimulatedPortal, copied: Copy, store: MemoryMediaStore
) -> None:
    digests = {one["id"]: one["sha256"] for one in portal.truth("picture")}
    addresses = {f"user-{one['ID']}-picture": one.get("PERSONAL_PHOTO") for one in copied.rows_of("user").values()}
    addresses |= {f"group-{one['ID']}-picture": one.get("IMAGE") for one in copied.rows_of("group").values()}
    shown = {one: address for one, address in addresses.items() if address}
    rows = _of(copied, "user", "group")
    assert rows.keys() == shown.keys()
    assert {one: row["checksum"] for one, row in rows.items()} == {one: digests[at] for one, at in shown.items()}
    for row in rows.values():
        assert hashlib.sha256(await _content(store, row)).hexdigest() == row["checksum"]


def test_pictures_of_a_post_keep_their_order_and_other_files_are_listed_as_left_out(copied: Copy) -> None:
    rows = _of(copied, "feed_post")
    for post_id, post in copied.rows_of("feed_post").items():
        ids = [f"feed_post-{post_id}-{file}" for file in post.get("FILES", [])]
        assert [rows[one]["position"] for one in ids] == list(range(len(ids)))
        for file, row in zip(post.get("FILES", []), (rows[one] for one in ids), strict=True):
            assert row["key"].startswith(f"feed_post/{post_id}/{file}-")
            assert (row["reason"], row["blob"] is None) == (
                (None, False) if is_picture(row["name"]) else ("media.out_of_scope", True)
            )
    assert {row["reason"] for row in rows.values()} == {None, "media.out_of_scope"}


def test_nothing_is_lost_that_somebody_may_see(copied: Copy) -> None:
    assert _lost(copied) == {}


def test_rows_are_made_again_of_the_archive_which_holds_no_address(copied: Copy) -> None:
    assert copied.rebuilt("media_file") == copied.rows_of("media_file")
    archive = b"".join(raw for page in copied.read["media_file"] for raw in page.raw)
    assert b"disk.file" not in archive
    assert b"download.json" not in archive
    assert b"uf.php" not in archive


async def test_files_of_tasks_are_left_alone_unless_the_run_asks_for_them(portal: SimulatedPortal) -> None:
    copy = await _copy(portal, RunOptions(), MemoryMediaStore())
    assert _of(copy, "task", "task_comment") == {}
    assert _of(copy, "feed_post")


async def test_files_that_are_there_already_are_not_downloaded_again(
    portal: SimulatedPortal, copied: Copy, store: MemoryMediaStore
) -> None:
    before = portal.stats()["calls"]["download"]
    again = await _copy(portal, RunOptions(private_posts=True, task_files=True), store)
    assert again.rows_of("media_file") == copied.rows_of("media_file")
    assert portal.stats()["calls"]["download"] == before


async def test_without_the_drives_scope_pictures_of_people_come_and_files_on_it_are_told(
    portal: SimulatedPortal,
) -> None:
    copy = await _copy(portal, RunOptions(), MemoryMediaStore(), NARROW)
    lost = {one.reason for page in copy.read["media_file"] for one in page.lost}
    assert lost == {"source.denied"}
    assert any(row["owner"] == "user" and row["blob"] for row in copy.rows_of("media_file").values())


def test_no_row_and_no_archive_quotes_a_secret(copied: Copy) -> None:
    written = orjson.dumps(copied.rows_of("media_file")) + b"".join(
        raw for page in copied.read["media_file"] for raw in page.raw
    )
    assert not any(secret.encode() in written for secret in SECRETS.values())
