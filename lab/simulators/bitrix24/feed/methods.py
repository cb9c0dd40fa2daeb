"""The news feed: posts, and comments by author. No method answers the comments of a post (API facts §4.3)."""

from collections.abc import Callable
from typing import Any

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.asked import integer, listed
from lab.simulators.bitrix24.calls import Caller, Method, Reply, written
from lab.simulators.bitrix24.disk.cards import card
from lab.simulators.bitrix24.feed.data import Comment, Post
from lab.simulators.bitrix24.lists import PAGE, Row, meets, page
from lab.simulators.bitrix24.parameters import Tree, pick
from lab.simulators.bitrix24.world import World

_MOST_POSTS, _MOST_COMMENTS = 200, 100


def posts(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``log.blogpost.get``: by ``start`` in the order of the last activity, or by cursor on the feed entry's id."""
    rights = world.feed.circles.rights(caller.user)
    asked = _asked(parameters)
    found = [post for post in world.feed.posts.values() if asked(post) and post.visible(caller.user, rights)]
    first, last = pick(parameters, "FIRST_ID"), pick(parameters, "LAST_ID")
    if first in (None, "") and last in (None, ""):
        found.sort(key=lambda post: (post.active, post.log), reverse=True)
        shown = page([{"post": post} for post in found], integer(parameters, "start"), literal=False)
        return Reply(_php([row["post"] for row in shown.rows]), shown.total, shown.next, 1)
    limit = max(1, min(_MOST_POSTS, integer(parameters, "LIMIT", PAGE)))
    if first not in (None, ""):
        bound = integer(parameters, "FIRST_ID")
        found = sorted((post for post in found if post.log > bound), key=lambda post: post.log)
    else:
        bound = integer(parameters, "LAST_ID")
        found = sorted((post for post in found if post.log < bound), key=lambda post: -post.log)
    return Reply(_php(found[:limit]), pages=1)


def comments(world: World, caller: Caller, parameters: Tree) -> Reply:
    """``log.blogcomment.user.get``: one author's; somebody else's have no text, and are for administrators."""
    author = integer(parameters, "USER_ID", caller.user) or caller.user
    found = [one for one in world.feed.comments.values() if one.author == author]
    if author != caller.user and not caller.admin:
        found = []
    first, last = (integer(parameters, name) for name in ("FIRST_ID", "LAST_ID"))
    found = [one for one in found if one.id > first and (not last or one.id < last)]
    if not first:
        found.reverse()
    limit = max(1, min(_MOST_COMMENTS, integer(parameters, "LIMIT", _MOST_COMMENTS)))
    shown = [_comment(world, one, hidden=author != caller.user) for one in found[:limit]]
    files = {str(file.id): card(world.disk, file, world.feed.circles) for one in found[:limit] for file in one.files}
    return Reply({"comments": shown, "files": files or []}, pages=1)


def _asked(parameters: Tree) -> Callable[[Post], bool]:
    number = pick(parameters, "POST_ID")
    if number not in (None, ""):
        return lambda post: bool(post.row["ID"] == str(number))
    wanted = set(map(str, listed(pick(parameters, "LOG_RIGHTS"))))
    bounds = ((">=", pick(parameters, "LOG_DATE_FROM")), ("<=", pick(parameters, "LOG_DATE_TO")))
    dates = [(prefix, bound) for prefix, bound in bounds if bound not in (None, "")]
    return lambda post: (
        (not wanted or not wanted.isdisjoint(post.audience))
        and all(meets(post.row["DATE_PUBLISH"], prefix, bound) for prefix, bound in dates)
    )


def _php(found: list[Post]) -> Any:
    """Drafts go after the selection: what is left is a list only while its keys are 0, 1, 2, …"""
    kept = {place: post.row for place, post in enumerate(found) if not post.draft}
    if list(kept) == list(range(len(kept))):
        return list(kept.values())
    return {str(place): row for place, row in kept.items()}


def _comment(world: World, one: Comment, *, hidden: bool) -> Row:
    about = one.post if world.feed.key == "post_id" else world.feed.posts[one.post].log
    return {
        "id": one.id,
        "comment_id": one.number,
        world.feed.key: about,
        "date": stamps.written(one.made),
        "text": "" if hidden else one.text,
        "attach": [file.id for file in one.files],
    }


_WRITES = (
    "log.blogpost.add log.blogpost.update log.blogpost.delete log.blogpost.share log.blogcomment.add "
    "log.blogcomment.delete"
)

METHODS: dict[str, Method] = {
    **{name: Method("log", written, reads=False) for name in _WRITES.split()},
    "log.blogcomment.user.get": Method("log", comments),
    "log.blogpost.get": Method("log", posts),
}
