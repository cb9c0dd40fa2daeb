"""How much is in the feed: each webhook counts the posts that its user sees; files and comments come from a sample."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.bitrix24.families.feed_audience import POSTS, SCOPES
from connectors.bitrix24.listing import PAGE
from connectors.bitrix24.readers.drive import ATTACHED
from connectors.bitrix24.readers.drive import SCOPES as DISK
from connectors.bitrix24.surveying.counting import not_asked, number_of
from connectors.bitrix24.surveying.effort import Effort, batches, by_batches
from connectors.bitrix24.surveying.patience import asked_twice
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import PortageError
from shared.model.json import JsonObject, as_list, as_map
from shared.ports.surveys import EntitySize, MediaSize

FEED = ("feed_audience", "feed_post", "feed_comment")
FILES = "media_file"
_FILES_AT_ONCE, _CALLS_FOR_FILES = 25, 2
_NO_FILES = "known only by reading: no file of a post could be measured"


@dataclass(frozen=True, slots=True)
class FeedLook:
    """``seen`` is how many posts each user's webhook sees; ``sample`` are posts of their first pages, by id."""

    seen: dict[str, int]
    sample: dict[str, JsonObject]
    media: MediaSize | None = None
    problem: str | None = None

    @property
    def posts(self) -> int:
        """As many as one webhook sees; together they may see more."""
        return max(self.seen.values(), default=0)

    @property
    def comments(self) -> int:
        """Extrapolated from the sample."""
        told = [number_of(post.get("NUM_COMMENTS")) or 0 for post in self.sample.values()]
        return round(self.posts * sum(told) / len(told)) if told else 0


async def look_at_feed(webhooks: Webhooks) -> FeedLook:
    """One call for each webhook, and one for the sizes of files. Nothing is raised."""
    try:
        readers = await webhooks.with_scope(*SCOPES)
        pages = await asyncio.gather(*(_first_page(webhook) for webhook in readers))
    except PortageError as error:
        return FeedLook({}, {}, problem=not_asked(error))
    seen = {reader.user: total for reader, (total, _) in zip(readers, pages, strict=True)}
    sample = {str(post.get(POSTS.id)): post for _, posts in pages for post in posts}
    look = FeedLook(seen, sample)
    return FeedLook(seen, sample, await _media(webhooks, look))


async def _first_page(webhook: Webhook) -> tuple[int, list[JsonObject]]:
    answer = await asked_twice(lambda: webhook.transport.call(POSTS.method, {}))
    posts = [as_map(post) for post in as_list(answer.result)]
    return answer.total or len(posts), posts


async def _media(webhooks: Webhooks, look: FeedLook) -> MediaSize | None:
    """Sizes of up to 50 files; None when they cannot be asked."""
    files = [str(one) for post in look.sample.values() for one in as_list(post.get("FILES"))]
    about = f"posts of the feed, extrapolated from {len(look.sample)} of them"
    if not files:
        return MediaSize(0, 0, about) if look.sample or not look.posts else None
    asked: dict[str, Command] = {
        f"f{one}": (ATTACHED, {"id": int(one)}) for one in files[:MOST_COMMANDS] if one.isdecimal()
    }
    try:
        disk = await webhooks.first(*DISK)
        answer = await asked_twice(lambda: disk.transport.batch(asked))
    except (PortageError, ValueError):
        return None
    sizes = [size for one in answer.results.values() if (size := number_of(as_map(one).get("SIZE"))) is not None]
    if not sizes:
        return None
    count = round(look.posts * len(files) / len(look.sample))
    return MediaSize(count, round(count * sum(sizes) / len(sizes)), f"{about}, {len(sizes)} files measured")


def feed_sizes(look: FeedLook, circles: Sequence[int], users: int, ranges: int) -> dict[str, EntitySize]:
    """``circles`` are the counts of what audiences are asked for, ``users`` the authors of comments."""
    if look.problem is not None:
        return {name: EntitySize(name, note=look.problem) for name in FEED}
    ways = len(look.seen)
    audience = Effort(ways, ways) + _times(ways, [by_batches(count) for count in circles])
    windows = _times(ways, [_windows(look.posts / ranges)] * ranges)
    comments = by_batches(users, least=1) + by_batches(users, least=1)
    seen = ", ".join(f"user {user}: {count}" for user, count in look.seen.items())
    several = ways > 1
    return {
        "feed_audience": _size("feed_audience", None, audience, "known only by reading"),
        "feed_post": _size("feed_post", look.posts, windows, f"posts that each webhook's user sees: {seen}", several),
        "feed_comment": _size("feed_comment", look.comments, comments, "as many as a sample of posts names", True),
    }


def files_size(look: FeedLook) -> EntitySize:
    """Files by number are looked for and found in two calls for each 25; pictures of people have addresses."""
    media = look.media
    if media is None:
        return EntitySize(FILES, note=look.problem or _NO_FILES)
    reads = batches(media.files, _FILES_AT_ONCE)
    note = f"{media.note}; not counted: pictures of users and groups, files of tasks"
    return EntitySize(FILES, media.files, note, True, _CALLS_FOR_FILES * reads, reads)


def _windows(posts: float) -> Effort:
    """One range of dates: at first one window, cut up when it holds more than a page."""
    if posts <= PAGE:
        return Effort(1, 1, 1)
    windows = 2 * batches(posts, PAGE)
    calls = 1 + batches(windows, MOST_COMMANDS)
    return Effort(calls, calls, windows)


def _times(ways: int, efforts: Sequence[Effort]) -> Effort:
    """Each webhook asks the same, and what they find is one page."""
    whole = sum(efforts, Effort())
    return Effort(whole.calls * ways, whole.reads, whole.pages * ways)


def _size(name: str, count: int | None, effort: Effort, note: str, estimated: bool = False) -> EntitySize:
    return EntitySize(name, count, note, estimated, effort.calls, effort.reads)
