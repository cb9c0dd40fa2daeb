"""The feed of a simulated portal in a process of its own: posts, who they went to, and comments."""

import asyncio
from collections.abc import Iterator

import httpx
import orjson
import pytest

from shared.model.json import JsonObject, as_list
from shared.model.run import RunOptions
from tests.contract.simulated_portal import Copy, SimulatedPortal, simulated_portal

SECRETS = {1: "s3cret-of-the-admin", 5: "s3cret-of-a-colleague", 9: "s3cret-of-another"}
NARROW = "s3cret-without-the-feed"
PARENTS = ("department", "user", "group")
FEED = ("feed_audience", "feed_post", "feed_comment")


def _portal(tmp_path_factory: pytest.TempPathFactory, *options: str) -> Iterator[SimulatedPortal]:
    webhooks = [
        f"1:{SECRETS[1]}",
        f"5:{SECRETS[5]}::noadmin",
        f"9:{SECRETS[9]}::noadmin",
        f"1:{NARROW}:user,department",
    ]
    named = [part for one in webhooks for part in ("--webhook", one)]
    people = ("--users", "60", "--groups", "8", "--departments", "6")
    limits = ("--rate", "0", "--operating-limit", "0", "--slow-ms", "20")
    with simulated_portal(tmp_path_factory.mktemp("portal"), *named, *people, *limits, *options) as portal:
        yield portal


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPortal]:
    """Nothing changes here; comments name their post."""
    yield from _portal(tmp_path_factory, "--posts", "600")


@pytest.fixture(scope="module")
def whole(quiet: SimulatedPortal) -> Copy:
    """All of the quiet portal's feed that the webhooks see."""
    return asyncio.run(_copy(quiet, private=True))


@pytest.fixture(scope="module")
def copied(quiet: SimulatedPortal) -> Copy:
    """The same without what is private."""
    return asyncio.run(_copy(quiet))


@pytest.fixture(scope="module")
def by_entry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPortal]:
    """Comments name the feed entry here."""
    yield from _portal(tmp_path_factory, "--posts", "250", "--seed", "8")


@pytest.fixture
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPortal]:
    """People post, edit, delete and comment, and the portal stumbles."""
    yield from _portal(tmp_path_factory, "--posts", "400", "--mutate", "40", "--faults", "0.05")


async def _copy(portal: SimulatedPortal, *, private: bool = False) -> Copy:
    urls = [portal.webhook(secret, user) for user, secret in SECRETS.items()]
    copy = Copy(portal.source(portal.webhook(NARROW), *urls), RunOptions(private_posts=private))
    await copy.fetch(*PARENTS, *FEED)
    return copy


def _sees(portal: SimulatedPortal) -> dict[str, list[str]]:
    """By post: the users of webhooks to whom the list shows it, page by page."""
    seen: dict[str, list[str]] = {}
    for user, secret in SECRETS.items():
        start: int | None = 0
        while start is not None:
            body = httpx.post(f"{portal.webhook(secret, user)}log.blogpost.get", json={"start": start}).json()
            for post in as_list(body["result"]):
                seen.setdefault(post["ID"], []).append(str(user))
            start = body.get("next")
    return seen


def _archive(copy: Copy, *entities: str) -> bytes:
    """All that is archived of ``entities``, written alike."""
    pages = (page for entity in entities for page in copy.read[entity])
    return b"".join(orjson.dumps(orjson.loads(raw)) for page in pages for raw in page.raw)


def _is_public(truth: JsonObject) -> bool:
    return any(right == "UA" or right.startswith(("SG", "DR")) for right in truth["audience"])


def test_every_post_that_some_webhook_sees_arrives_once_as_it_is(quiet: SimulatedPortal, whole: Copy) -> None:
    posts, seen = whole.rows_of("feed_post"), _sees(quiet)
    assert {post_id: row["seen_by"] for post_id, row in posts.items()} == seen
    for truth in (one for one in quiet.truth("feed_post") if one["ID"] in seen):
        row = posts[truth["ID"]]
        assert set(row["audience"] or ()) == set(truth["audience"])
        assert {**row, "audience": 0, "seen_by": 0} == {**truth, "audience": 0, "seen_by": 0}


def test_private_posts_are_neither_read_nor_archived_unless_the_run_names_them(
    quiet: SimulatedPortal, copied: Copy
) -> None:
    seen = _sees(quiet)
    truth = {one["ID"]: one for one in quiet.truth("feed_post")}
    private = {one for one in seen if not _is_public(truth[one])}
    assert private
    assert copied.rows_of("feed_post").keys() == seen.keys() - private
    archive = _archive(copied, *FEED)
    archived = {one for one in seen if orjson.dumps(truth[one]["DETAIL_TEXT"]) in archive}
    assert archived == seen.keys() - private


def test_who_a_post_went_to_is_read_in_few_calls_and_archived_without_the_post(copied: Copy) -> None:
    rights = len(copied.rows_of("user")) + len(copied.rows_of("group")) + len(copied.rows_of("department")) + 1
    assert sum(page.calls for page in copied.read["feed_audience"]) < len(SECRETS) * rights / 4
    assert b"DETAIL_TEXT" not in _archive(copied, "feed_audience")


@pytest.mark.parametrize("entity", FEED)
def test_the_archive_alone_gives_the_same_records(whole: Copy, copied: Copy, entity: str) -> None:
    assert whole.rebuilt(entity) == whole.rows_of(entity)
    assert copied.rebuilt(entity) == copied.rows_of(entity)


@pytest.mark.parametrize("name", ["quiet", "by_entry"])
async def test_comments_of_all_who_can_be_asked_for_arrive_with_their_post(
    name: str, request: pytest.FixtureRequest
) -> None:
    portal: SimulatedPortal = request.getfixturevalue(name)
    copy = await _copy(portal)
    comments, posts = copy.rows_of("feed_comment"), copy.rows_of("feed_post")
    authors = copy.rows_of("user").keys() | {post["AUTHOR_ID"] for post in posts.values()}
    truth = {one["id"]: one for one in portal.truth("feed_comment")}
    assert comments.keys() == {
        one for one, told in truth.items() if told["post_id"] in posts and told["author_id"] in authors
    }
    for comment_id, row in comments.items():
        told = truth[comment_id]
        assert (row["post_id"], row["author_id"], row["date"]) == (told["post_id"], told["author_id"], told["date"])
        assert [str(file["id"]) for file in row["files"]] == told["files"]
        assert row["text"] == (told["text"] if int(row["author_id"]) in SECRETS else "")
        assert row["text_unavailable"] == (int(row["author_id"]) not in SECRETS)


async def test_a_comment_whose_post_no_webhook_sees_says_so(by_entry: SimulatedPortal) -> None:
    copy, seen = await _copy(by_entry, private=True), _sees(by_entry)
    truth = {one["id"]: one["post_id"] for one in by_entry.truth("feed_comment")}
    unknown = [one for one, row in copy.rows_of("feed_comment").items() if row["post_unknown"]]
    assert unknown
    assert {truth.get(one) for one in unknown}.isdisjoint(seen)


def test_coverage_says_how_many_comments_of_the_posts_are_missing(quiet: SimulatedPortal, copied: Copy) -> None:
    posts = {one["ID"]: one for one in quiet.truth("feed_post")}
    expected = sum(int(posts[one]["NUM_COMMENTS"]) for one in copied.rows_of("feed_post"))
    assert copied.coverage("feed_post")["comments_expected"] == expected
    counted = copied.coverage("feed_comment")
    assert counted["comments_collected"] == len(copied.rows_of("feed_comment")) <= expected
    assert counted["authors_unread"] == 0


async def test_what_was_there_throughout_arrives_once_while_people_work_and_the_portal_stumbles(
    busy: SimulatedPortal,
) -> None:
    copy = await _copy(busy)
    busy.switch(mutate=0.0, faults=0.0)
    changed = {(one["entity"], one["id"]) for one in httpx.get(f"{busy.url}/__sim/journal").json()}
    assert {"feed_post", "feed_comment"} <= {entity for entity, _ in changed}
    seen = _sees(busy)
    posts = {
        one["ID"]
        for one in busy.truth("feed_post")
        if one["ID"] in seen and "UA" in one["audience"] and ("feed_post", one["ID"]) not in changed
    }
    assert posts
    assert posts <= copy.rows_of("feed_post").keys()
    users = copy.rows_of("user")
    comments = {
        one["id"]
        for one in busy.truth("feed_comment")
        if one["post_id"] in posts and one["author_id"] in users and ("feed_comment", one["id"]) not in changed
    }
    assert comments
    assert comments <= copy.rows_of("feed_comment").keys()
    for entity in FEED:
        assert copy.rebuilt(entity) == copy.rows_of(entity)


async def test_nothing_is_lost_on_a_portal_that_stumbles_often(quiet: SimulatedPortal, copied: Copy) -> None:
    quiet.switch(faults=0.25)
    try:
        copy = await _copy(quiet)
    finally:
        quiet.switch(faults=0.0)
    for entity in FEED:
        assert copy.rows_of(entity) == copied.rows_of(entity)
