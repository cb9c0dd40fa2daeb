"""Posts of the feed (API facts §4.3): read by date of publication, through every webhook that may read the feed.

A webhook sees what its user sees, an administrator's not more than that; so all of them are asked for the same windows,
and what they find is merged.

Posts to single users are private, and read only when the run names them (``private_posts``). A post is private when it
is known to have gone to single users only. One whose audience is not known (it went to nobody, to somebody who was
deleted, or to a circle that cannot be read) is private when nobody but its author was seen to see it. The list cannot
be asked for posts that are not private, so they do come from the portal; they are dropped before anything is archived,
and only their ids are noted.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.coverage import number, seen_by
from connectors.bitrix24.families.feed_audience import (
    POSTS,
    SCOPES,
    Audiences,
    audiences,
    goes_to_persons_only,
    in_order,
    posts_since,
)
from connectors.bitrix24.raw import archived, note, noted, told
from connectors.bitrix24.readers.gathered import Gathered
from connectors.bitrix24.readers.looking import Look, Lookout, found
from connectors.bitrix24.readers.reader import Need, Readers
from connectors.bitrix24.readers.windows import OLDEST, Window
from connectors.bitrix24.readers.withholding import reduced, rows_reduced
from connectors.bitrix24.webhooks import Webhooks
from shared.model.json import Json, JsonObject, as_map
from shared.model.records import Cut, SourcePage, SourceRecord
from shared.ports.systems import Extracted

_SMALLEST_RANGE = 90 * 86_400
"""Seconds; less is not worth a range of its own."""


@dataclass(slots=True)
class PostReader:
    """Windows of publication dates, cut up where they are too full for a page. See ``Reader``.

    A record is the post with ``audience`` (rights, or None when it is not known) and ``seen_by`` (users of webhooks).
    """

    webhooks: Webhooks
    _lookout: Lookout = field(init=False)
    _audiences: Gathered[Audiences] = field(init=False)

    def __post_init__(self) -> None:
        self._lookout = Lookout(POSTS, SCOPES, lambda _label: {}, self.webhooks)
        self._audiences = audiences()

    async def cut(self, ranges: int, extracted: Extracted) -> Cut:
        """Ranges of equal length; the first one is open downwards, the last one upwards.

        Where only changes are wanted, it begins with what was published since: that an older post was edited, no list
        tells.
        """
        end, since = await self._lookout.end(), posts_since(extracted)
        first = OLDEST if since is None else since
        count = max(1, min(ranges, (end - first) // _SMALLEST_RANGE))
        inner = [first + (end - first) * number // count for number in range(1, count)]
        edges = zip([since, *inner], [*inner, None], strict=True)
        return Cut(tuple({"end": end, "windows": [Window("", lower, upper).dump()]} for lower, upper in edges))

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """One batch for each webhook."""
        look = await self._lookout.look([Window(*one) for one in cursor["windows"]], cursor["end"])
        known = await self._audiences.of(extracted)
        posts = _merged([(seen.by, seen.answer.results) for seen in look.seen], look.whole)
        bodies = look.bodies
        withheld: set[str] = set()
        if not extracted.options.private_posts:
            withheld = {one for one, post in posts.items() if _is_private(post, known.get(one))}
            bodies = [(by, _without(withheld, look, body)) for by, body in bodies]
        facts: JsonObject = {
            "windows": [window.dump() for window in look.whole],
            "audience": {one: in_order(known[one]) for one in posts if one in known and one not in withheld},
            "withheld": sorted(withheld, key=int),
        }
        raw = (*(archived(by, body) for by, body in bodies), note(facts))
        following = {**cursor, "windows": [window.dump() for window in look.left]} if look.left else None
        records = self.rows(raw)
        coverage = {
            **look.coverage,
            **seen_by(record.data["seen_by"] for record in records),
            "private_left_out": len(withheld),
            "audience_unknown": sum(record.data["audience"] is None for record in records),
            "comments_expected": sum(number(record.data.get("NUM_COMMENTS")) for record in records),
        }
        return SourcePage(records, raw, following, len(look.bodies), coverage=coverage)

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """The posts of the windows that were read whole, each with what the note says of it."""
        facts = noted(raw)
        windows = [Window(*one) for one in facts.get("windows", [])]
        posts = _merged([(one.by, batch_results(one.answer)) for one in told(raw)], windows)
        audience = as_map(facts.get("audience"))
        return tuple(SourceRecord(one, {**post, "audience": audience.get(one)}) for one, post in posts.items())


def _merged(answers: Iterable[tuple[str, JsonObject]], windows: Sequence[Window]) -> dict[str, JsonObject]:
    """By id: the post as the first of ``answers`` (user, results) shows it, with the users who see it."""
    by_user: dict[str, JsonObject] = {}
    for user, results in answers:
        by_user.setdefault(user, {}).update(results)
    posts: dict[str, JsonObject] = {}
    for window in windows:
        for user, rows in found(window, by_user, POSTS):
            for one, row in rows.items():
                posts.setdefault(one, {**row, "seen_by": []})["seen_by"].append(user)
    return posts


def _is_private(post: JsonObject, rights: Sequence[str] | None) -> bool:
    """See the module."""
    return set(post["seen_by"]) <= {str(post.get("AUTHOR_ID"))} if rights is None else goes_to_persons_only(rights)


def _without(withheld: Collection[str], look: Look, body: bytes) -> bytes:
    """An answer without those posts, and without windows that were not read whole: they may hold others like them."""
    if not withheld and not look.left:
        return body
    whole = {window.key(page) for window in look.whole for page in range(window.pages)}

    def keep(key: str, result: Json) -> Json:
        if key not in whole:
            return None
        return rows_reduced(result, lambda row: None if str(row[POSTS.id]) in withheld else row)

    return reduced(body, keep)


READERS: Readers = {"feed_post": lambda portal: PostReader(portal.webhooks)}

NEEDS: tuple[Need, ...] = ()
"""The method is that of ``feed_audience``."""
