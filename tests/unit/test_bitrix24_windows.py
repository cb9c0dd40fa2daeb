"""Windows of time over a feed that tells little: every post comes out once, however they are crowded."""

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.bitrix24.families.feed_audience import POSTS
from connectors.bitrix24.readers.looking import Lookout, found
from connectors.bitrix24.readers.windows import OLDEST, Window, instant, rows_of
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped, RetryLater
from shared.model.json import Json, JsonObject
from tests.unit.bitrix24_stand_in import connected

PAGE = 50
NOW = 1_780_000_000
CROWDED = 1_600_000_000
CURSOR_FITS = 24_000


def _text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


@dataclass
class Feed:
    """Posts by id with their second, newest activity first; drafts leave holes.

    ``inclusive``: whether bounds belong to what is asked for; ``counts``: whether ``total`` is told; ``boasts``:
    ``next`` comes with every full page, ``promises``: with every page; ``heeds``: whether dates are looked at at all.
    """

    posts: dict[int, int]
    drafts: frozenset[int] = frozenset()
    inclusive: bool = True
    counts: bool = True
    boasts: bool = False
    promises: bool = False
    heeds: bool = True
    before: Callable[["Feed", str], None] = lambda _feed, _key: None
    sizes: list[int] = field(default_factory=list)

    def answer(self, body: JsonObject) -> JsonObject:
        results: dict[str, Json] = {}
        totals: dict[str, Json] = {}
        nexts: dict[str, Json] = {}
        self.sizes.append(len(body["cmd"]))
        for key, command in body["cmd"].items():
            self.before(self, key)
            method, _, query = command.partition("?")
            if method != POSTS.method:
                results[key] = {"profile": {"ID": "1", "ADMIN": True}, "scope": ["log"]}[method]
                continue
            asked = dict(parse_qsl(query))
            lower, upper = self._bounds(asked)
            found = [number for number, when in self.posts.items() if lower <= when <= upper]
            start = int(asked.get("start", 0))
            start = start if start < len(found) else 0
            page = found[start : start + PAGE]
            kept = {str(place): _post(one, self.posts[one]) for place, one in enumerate(page) if one not in self.drafts}
            results[key] = kept if len(kept) < len(page) else list(kept.values())
            if self.counts:
                totals[key] = len(found)
            if start + len(page) < len(found) or (self.boasts and len(page) == PAGE) or self.promises:
                nexts[key] = start + PAGE
        return {"result": {"result": results, "result_error": [], "result_total": totals, "result_next": nexts}}

    def _bounds(self, asked: dict[str, str]) -> tuple[float, float]:
        lower, upper = (instant(asked.get(name)) if self.heeds else None for name in (POSTS.lower, POSTS.upper))
        slack = 0 if self.inclusive else 1
        return (-math.inf if lower is None else lower + slack, math.inf if upper is None else upper - slack)


def _post(number: int, when: int) -> JsonObject:
    return {"ID": str(number), "DATE_PUBLISH": _text(when)}


def _lookout(feed: Feed) -> Lookout:
    return Lookout(POSTS, ("log",), lambda _label: {}, Webhooks([connected(feed.answer)]))


async def _read(feed: Feed, stack: tuple[Window, ...] = (Window(),)) -> Counter[int]:
    """How often each post came out."""
    lookout = _lookout(feed)
    read: Counter[int] = Counter()
    for _ in range(500):
        if not stack:
            return read
        assert len(orjson.dumps([window.dump() for window in stack])) < CURSOR_FITS
        look = await lookout.look(stack, NOW)
        stack = tuple(Window(*window.dump()) for window in look.left)
        for seen in look.seen:
            read.update(int(one) for window in look.whole for one in rows_of(window, seen.answer.results, POSTS))
    raise AssertionError("reading never ends")


seconds = st.one_of(
    st.integers(CROWDED, CROWDED + 3),
    st.integers(CROWDED, CROWDED + 400),
    st.integers(600_000_000, 2_400_000_000),
)
dates = st.lists(st.tuples(seconds, st.sampled_from([1, 1, 1, 30, 80])), max_size=8).map(
    lambda groups: [when for when, count in groups for _ in range(count)]
)


@settings(max_examples=60)
@given(dates, st.booleans(), st.booleans(), st.booleans(), st.integers(2, 9))
async def test_every_post_comes_out_once_however_many_share_a_second(
    published: list[int],
    inclusive: bool,
    counts: bool,
    boasts: bool,
    nth: int,
) -> None:
    drafts = frozenset(range(0, len(published), nth)) if counts else frozenset()
    feed = Feed(dict(enumerate(published)), drafts, inclusive, counts, boasts)
    read = await _read(feed)
    assert read == Counter(number for number in feed.posts if number not in drafts)


@pytest.mark.parametrize("counts", [True, False])
async def test_a_feed_of_many_years_keeps_its_cursor_small(counts: bool) -> None:
    feed = Feed({number: CROWDED - number * number * 37 for number in range(1500)}, counts=counts)
    assert await _read(feed) == Counter(feed.posts.keys())


async def test_a_next_page_that_is_promised_after_every_page_cuts_nothing_that_is_counted() -> None:
    feed = Feed({number: CROWDED + number for number in range(20)}, promises=True)
    assert await _read(feed) == Counter(feed.posts.keys())
    assert len(feed.sizes) == 2  # who the webhook is, and the feed


async def test_a_next_page_that_is_promised_where_nothing_is_counted_is_looked_for_and_ends() -> None:
    feed = Feed({number: CROWDED + number * 9999 for number in range(3)}, counts=False, promises=True)
    assert await _read(feed) == Counter(feed.posts.keys())


async def test_posts_without_limit_in_one_second_take_more_than_one_batch() -> None:
    feed = Feed(dict.fromkeys(range(51 * PAGE + 7), CROWDED))
    assert await _read(feed) == Counter(feed.posts.keys())
    assert max(feed.sizes) == 50


async def test_a_crowded_second_is_read_again_when_a_post_moves_to_the_top_meanwhile() -> None:
    moved: list[int] = []

    def comment_once(feed: Feed, key: str) -> None:
        if re.search(r"_1$", key) and not moved:
            moved.append(119)
            feed.posts = {119: feed.posts.pop(119)} | feed.posts

    feed = Feed(dict.fromkeys(range(120), CROWDED), before=comment_once)
    window = Window("", CROWDED, CROWDED + 1, 3)
    assert await _read(feed, (window,)) == Counter(range(120))
    assert moved


async def test_a_second_that_never_rests_is_taken_as_it_is_in_the_end() -> None:
    def comment(feed: Feed, _key: str) -> None:
        last = list(feed.posts)[-1]
        feed.posts = {last: feed.posts.pop(last)} | feed.posts

    feed = Feed(dict.fromkeys(range(120), CROWDED), before=comment)
    read = await _read(feed, (Window("", CROWDED, CROWDED + 1, 3),))
    assert set(read.values()) == {1}


async def test_windows_side_by_side_share_nothing_and_miss_nothing() -> None:
    feed = Feed({number: CROWDED + number for number in range(20)})
    parts = (Window("", None, CROWDED + 5), Window("", CROWDED + 5, CROWDED + 6), Window("", CROWDED + 6, None))
    assert await _read(feed, parts) == Counter(feed.posts.keys())


async def test_a_portal_that_does_not_heed_dates_is_not_read_forever() -> None:
    feed = Feed(dict.fromkeys(range(60), CROWDED), heeds=False)
    with pytest.raises(RetryLater, match="other dates than those asked for"):
        await _read(feed)


def test_a_row_that_was_found_by_a_date_it_does_not_show_is_kept() -> None:
    window = Window("", CROWDED, CROWDED + 100)
    rows = [_post(1, CROWDED - 1), _post(2, CROWDED), _post(3, CROWDED + 99), _post(4, CROWDED + 100)]
    strange = [_post(5, CROWDED - 5000), {"ID": "6", "DATE_PUBLISH": None}]
    assert set(rows_of(window, {window.key(0): [*rows, *strange]}, POSTS)) == {"2", "3", "5", "6"}


@pytest.mark.parametrize("result", [None, "", True, [{"DATE_PUBLISH": "2026-01-01"}], ["x"]])
def test_what_is_no_list_of_posts_is_not_an_empty_window(result: Json) -> None:
    with pytest.raises(RetryLater, match=POSTS.method):
        rows_of(Window(), {Window().key(0): result}, POSTS)


@pytest.mark.parametrize(
    ("text", "seconds_since_1970"),
    [("2026-01-27T10:03:39+03:00", 1769497419), ("2026-01-27T10:03:39", None), ("soon", None), (None, None)],
)
def test_only_a_date_with_an_offset_is_an_instant(text: Json, seconds_since_1970: int | None) -> None:
    assert instant(text) == seconds_since_1970


def _user(number: str, denies: Callable[[str], bool]) -> Webhook:
    """The webhook of one user, who is denied commands whose keys ``denies`` names; two posts for everything else."""

    def answer(body: JsonObject) -> JsonObject:
        denied = {key: {"error": "ACCESS_DENIED"} for key in body["cmd"] if denies(key)}
        shown = {key: [_post(1, CROWDED), _post(2, CROWDED)] for key in body["cmd"] if key not in denied}
        return {"result": {"result": shown, "result_error": denied}}

    return Webhook(number, "", False, None, connected(answer))


def _rights(*webhooks: Webhook) -> Lookout:
    return Lookout(POSTS, ("log",), lambda label: {"LOG_RIGHTS": [label]} if label else {}, Webhooks([], webhooks))


async def test_a_right_that_is_denied_to_all_is_dropped_and_the_others_are_read() -> None:
    look = await _rights(_user("1", lambda key: "SG5" in key)).look([Window("SG5"), Window("SG6")], NOW)
    assert (look.whole, look.dropped, look.left) == ((Window("SG6"),), (Window("SG5"),), ())


async def test_a_read_of_nothing_but_denied_rights_does_not_stop_a_list_that_is_open() -> None:
    look = await _rights(_user("1", lambda key: "SG5" in key)).look([Window("SG5")], NOW)
    assert (look.whole, look.dropped, look.left) == ((), (Window("SG5"),), ())


async def test_what_is_denied_to_one_webhook_is_read_through_another() -> None:
    look = await _rights(_user("1", lambda _key: True), _user("2", lambda _key: False)).look([Window()], NOW)
    assert look.whole == (Window(),)
    assert look.coverage == {"refused_to 1": 1}


@pytest.mark.parametrize("label", ["", "SG5"])
async def test_a_list_that_is_denied_to_every_webhook_stops_the_entity(label: str) -> None:
    lookout = _rights(_user("1", lambda _key: True), _user("2", lambda _key: True))
    with pytest.raises(EntityStopped, match="ACCESS_DENIED"):
        await lookout.look([Window(label)], NOW)


async def test_dates_that_are_denied_are_never_dropped() -> None:
    window = Window("", CROWDED, CROWDED + 9)
    with pytest.raises(EntityStopped, match="ACCESS_DENIED"):
        await _rights(_user("1", lambda key: str(CROWDED) in key)).look([window], NOW)


@pytest.mark.parametrize("told", [{"result": False}, {"result": "soon"}, {"error": "ERROR_METHOD_NOT_FOUND"}])
async def test_a_portal_that_tells_no_time_is_read_by_our_clock(told: JsonObject) -> None:
    def answer(_body: JsonObject) -> JsonObject:
        if "error" in told:
            raise EntityStopped("source.method_missing", str(told["error"]))
        return told

    assert await _rights(Webhook("1", "", True, None, connected(answer))).end() > OLDEST


def test_a_window_that_no_archived_answer_holds_is_half_an_answer() -> None:
    with pytest.raises(RetryLater, match=POSTS.method):
        list(found(Window(), {"1": {}, "2": {}}, POSTS))
