"""The news feed of the simulated portal, seen through its methods."""

import random
from datetime import datetime
from typing import Any

import pytest

from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.world import World
from tests.unit.lab.simulator.asking import ask

SIZE = Size(users=40, departments=5, groups=6, posts=240)


@pytest.fixture
def world() -> World:
    return World.create(SIZE)


def listed(result: Any) -> list[dict[str, Any]]:
    return list(result.values()) if isinstance(result, dict) else result


def everything(world: World, user: int = 1, **parameters: Any) -> list[dict[str, Any]]:
    """All pages by offset."""
    rows, start = [], 0
    while True:
        reply = ask(world, "log.blogpost.get", {**parameters, "start": start}, user)
        rows += listed(reply.result)
        if reply.next is None:
            return rows
        start = reply.next


def visible(world: World, user: int) -> set[str]:
    rights = world.feed.circles.rights(user)
    return {
        row["ID"]
        for row in world.truth("feed_post")
        if row["AUTHOR_ID"] == str(user) or not rights.isdisjoint(row["audience"])
    }


@pytest.mark.parametrize("user", [1, 2, 7])
def test_a_webhook_sees_what_its_user_may_read_and_no_more(world: World, user: int) -> None:
    assert {row["ID"] for row in everything(world, user)} == visible(world, user)


def test_an_administrator_does_not_see_private_posts_of_others(world: World) -> None:
    hidden = {row["ID"] for row in world.truth("feed_post")} - visible(world, 1)

    assert hidden
    assert ask(world, "log.blogpost.get", {"POST_ID": hidden.pop()}).result == []


def test_by_offset_the_last_activity_decides_the_order(world: World) -> None:
    first = listed(ask(world, "log.blogpost.get").result)
    old = everything(world)[-1]["ID"]
    world.feed.reply(random.Random(1), int(old), 1_900_000_000)

    assert first[0]["ID"] != old
    assert listed(ask(world, "log.blogpost.get").result)[0]["ID"] == old


def test_unpublished_posts_leave_holes_and_the_list_becomes_an_object(world: World) -> None:
    replies = [ask(world, "log.blogpost.get", {"start": start}) for start in (0, 50, 100)]

    kinds = {type(reply.result) for reply in replies}
    assert dict in kinds
    assert all(set(map(int, reply.result)) <= set(range(50)) for reply in replies if isinstance(reply.result, dict))


def test_posts_can_be_asked_for_by_recipient(world: World) -> None:
    group = next(code for row in world.truth("feed_post") for code in row["audience"] if code.startswith("SG"))
    expected = {row["ID"] for row in world.truth("feed_post") if group in row["audience"]}

    assert {row["ID"] for row in everything(world, LOG_RIGHTS=[group])} == expected & visible(world, 1)


def test_posts_can_be_asked_for_by_the_day_of_publication(world: World) -> None:
    since, until = "2021-01-01T00:00:00+00:00", "2022-01-01T00:00:00+00:00"

    rows = everything(world, LOG_DATE_FROM=since, LOG_DATE_TO=until)

    bounds = datetime.fromisoformat(since), datetime.fromisoformat(until)
    assert rows
    assert {row["ID"] for row in rows} == {
        row["ID"]
        for row in world.truth("feed_post")
        if row["ID"] in visible(world, 1) and bounds[0] <= datetime.fromisoformat(row["DATE_PUBLISH"]) <= bounds[1]
    }


def test_a_date_that_is_none_finds_nothing(world: World) -> None:
    assert ask(world, "log.blogpost.get", {"LOG_DATE_FROM": "soon"}).result == []


def test_the_cursor_goes_by_the_feed_entry_which_is_not_the_post(world: World) -> None:
    post = next(post for post in world.feed.posts.values() if post.row["ID"] in visible(world, 1))

    reply = ask(world, "log.blogpost.get", {"FIRST_ID": post.log - 1, "LIMIT": 1})

    assert listed(reply.result)[0]["ID"] == post.row["ID"]
    assert str(post.log) != post.row["ID"]
    assert (reply.total, reply.next) == (None, None)


def test_a_cursor_page_holds_at_most_two_hundred(world: World) -> None:
    big = World.create(Size(users=10, departments=1, groups=1, posts=900))

    assert (
        150
        < len(ask(big, "log.blogpost.get", {"FIRST_ID": 0, "LIMIT": 5000}, user=big.people.users.ids[0]).result)
        <= 200
    )


def test_a_post_without_files_has_no_list_of_files(world: World) -> None:
    rows = world.truth("feed_post")

    assert {"FILES" in row for row in rows} == {True, False}
    for row in rows:
        assert row["UF_BLOG_POST_FILE"]["VALUE"] == row.get("FILES", False)


def test_recipients_and_the_entry_are_not_told(world: World) -> None:
    row = listed(ask(world, "log.blogpost.get").result)[0]

    assert not {"audience", "LOG_ID", "log"} & set(row)


def test_some_emoji_come_encoded(world: World) -> None:
    assert any(":f09f8e89:" in row["DETAIL_TEXT"] for row in world.truth("feed_post"))
    assert any("🎉" in row["DETAIL_TEXT"] for row in world.truth("feed_post"))


def test_own_comments_come_with_their_texts(world: World) -> None:
    author = max(world.feed.circles.ids, key=lambda one: sum(c.author == one for c in world.feed.comments.values()))

    result = ask(world, "log.blogcomment.user.get", {}, author).result

    expected = {row["id"]: row["text"] for row in world.truth("feed_comment") if row["author_id"] == str(author)}
    assert {str(one["comment_id"]): one["text"] for one in result["comments"]} == expected


def test_comments_of_somebody_else_have_no_text(world: World) -> None:
    author = next(one.author for one in world.feed.comments.values() if one.author != 1)

    result = ask(world, "log.blogcomment.user.get", {"USER_ID": author}).result

    assert {one["text"] for one in result["comments"]} == {""}


def test_an_employee_gets_no_comments_of_others(world: World) -> None:
    author = next(one.author for one in world.feed.comments.values() if one.author != 2)

    result = ask(world, "log.blogcomment.user.get", {"USER_ID": author}, 2, admin=False).result

    assert result == {"comments": [], "files": []}


def test_the_comment_cursor_reads_everything_once(world: World) -> None:
    author = next(iter(world.feed.comments.values())).author
    seen: list[int] = []
    while True:
        wanted = {"USER_ID": author, "FIRST_ID": seen[-1] if seen else 1, "LIMIT": 2}
        page = ask(world, "log.blogcomment.user.get", wanted).result["comments"]
        if not page:
            break
        seen += [one["id"] for one in page]

    assert seen == sorted(one.id for one in world.feed.comments.values() if one.author == author)


@pytest.mark.parametrize(("seed", "key"), [(7, "post_id"), (8, "log_id")])
def test_the_seed_decides_how_a_comment_names_its_post(seed: int, key: str) -> None:
    world = World.create(Size(users=10, departments=1, groups=1, posts=50, seed=seed))
    one = next(iter(world.feed.comments.values()))

    shown = ask(world, "log.blogcomment.user.get", {}, one.author).result["comments"][0]

    assert {"post_id", "log_id"} & set(shown) == {key}


def test_the_number_of_comments_is_what_there_is(world: World) -> None:
    counted: dict[str, int] = {}
    for comment in world.truth("feed_comment"):
        counted[comment["post_id"]] = counted.get(comment["post_id"], 0) + 1

    assert {row["ID"]: int(row["NUM_COMMENTS"]) for row in world.truth("feed_post")} == {
        row["ID"]: counted.get(row["ID"], 0) for row in world.truth("feed_post")
    }


def test_changes_of_the_feed_are_told_as_they_are_made(world: World) -> None:
    chance = random.Random(3)

    for _ in range(80):
        before = {
            name: {row.get("ID", row.get("id")): row for row in world.truth(name)}
            for name in ("feed_post", "feed_comment", "file")
        }
        changes = world.feed.mutate(chance)
        after = {name: {row.get("ID", row.get("id")): row for row in world.truth(name)} for name in before}
        assert changes
        for change in changes:
            assert (change.id in before[change.entity], change.id in after[change.entity]) == (
                change.what != "added",
                change.what != "deleted",
            )


def test_the_same_seed_makes_the_same_feed() -> None:
    assert World.create(SIZE).truth("feed_post") == World.create(SIZE).truth("feed_post")
    assert World.create(SIZE).truth("feed_comment") == World.create(SIZE).truth("feed_comment")
