"""Comments on posts of the feed (API facts §4.3).

No method answers the comments of a post: they are had by author. An author's own webhook answers the texts; to an
administrator's they come empty, and the record says so (``text_unavailable``). Some portals name the post, some only
its feed entry; the post is then looked up, and ``post_unknown`` says that it could not be told for certain.

Comments on private posts are private as well: unless the run names them (``private_posts``), comments are kept only of
posts that were read, and the others are dropped before anything is archived. So this entity has to follow the posts.
"""

import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.coverage import number
from connectors.bitrix24.families.feed_audience import SCOPES
from connectors.bitrix24.raw import archived, note, noted, told
from connectors.bitrix24.readers.author_turns import Turn, by_reader, turn_of
from connectors.bitrix24.readers.authored import (
    METHOD,
    PAGE,
    author_key,
    author_of,
    command,
    comments_of,
    files_of,
    place_after,
    since,
)
from connectors.bitrix24.readers.details import is_gone
from connectors.bitrix24.readers.gathered import Gathered
from connectors.bitrix24.readers.log_entries import LogEntries
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.readers.reader import Need, Readers
from connectors.bitrix24.readers.unchanged import Unchanged
from connectors.bitrix24.readers.windows import instant
from connectors.bitrix24.readers.withholding import reduced
from connectors.bitrix24.transport import MOST_COMMANDS
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped, RetryLater, SlowDown
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.model.records import Cut, SourcePage, SourceRecord
from shared.ports.systems import Extracted

_AUTHORS_AT_ONCE = 1000
"""Authors in one cursor, of those that are no users."""

_ENTRIES_AT_ONCE = PAGE
"""Feed entries that one read looks up: four batches for each webhook. An author's page never names more."""

_NOBODY = frozenset({"", "0"})
"""Asked about nobody, the portal answers the webhook's own comments."""


@dataclass(slots=True)
class CommentReader:
    """A range for each page of users, and one for authors of posts who are no users any more. See ``Reader``.

    One read is a page for each of up to 50 authors: a batch for each webhook that they are read through.
    """

    webhooks: Webhooks
    _pacing: Pacing = field(default_factory=Pacing)
    _entries: LogEntries = field(default_factory=LogEntries)
    _fitting: int = MOST_COMMANDS
    _users: Gathered[set[str]] = field(init=False)
    _posts: Gathered[dict[str, str]] = field(init=False)
    _unchanged: Unchanged = field(init=False)

    def __post_init__(self) -> None:
        self._users = Gathered("user", set, lambda users, record, _page: users.add(record.id), earlier=True)
        self._posts = Gathered("feed_post", dict, _add_post, earlier=True)
        self._unchanged = Unchanged("user")

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """Cursors name a page of users, or the authors themselves.

        Where only changes are wanted, they say ``since`` when (Unix seconds), and users who did not change are asked
        about as well.
        """
        moment = extracted.since("feed_comment")
        more: JsonObject = {} if moment is None else {"since": int(moment.timestamp())}
        of_users = [{"page": page, **more} for page in await extracted.pages("user")]
        of_users += [{"page": page, "unchanged": True, **more} for page in await self._unchanged.of(extracted)]
        users, posts = await self._users.of(extracted), await self._posts.of(extracted)
        owners = {webhook.user for webhook in await self.webhooks.with_scope(*SCOPES)}
        others = sorted((owners | set(posts.values())) - users - _NOBODY, key=int)
        parts = (others[start : start + _AUTHORS_AT_ONCE] for start in range(0, len(others), _AUTHORS_AT_ONCE))
        return Cut((*of_users, *({"authors": part, **more} for part in parts)))

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """Authors who were begun first, then new ones."""
        authors = cursor.get("authors") or await self._authors(cursor, extracted)
        webhooks = await self.webhooks.with_scope(*SCOPES)
        turn = turn_of(cursor, authors, min(self._pacing.most, self._fitting))
        refused = await self._ask_all(webhooks, turn)
        turn.end_at(cursor.get("since"))
        if turn.stumbles and len(turn.stumbles) == len(turn.places):
            raise turn.stumbles[0]
        bodies = [(by, answer.raw) for by, answer in turn.answers]
        if postponed := self._postponed(turn, extracted.generation):
            bodies = [(by, reduced(body, partial(_of_others, postponed))) for by, body in bodies]
        posts, calls = await self._entries.find(_entries(turn.comments), webhooks, extracted.generation)
        known = await self._posts.of(extracted)
        strange = {str(one["comment_id"]) for one in turn.comments if not self._is_of(known, one, posts)}
        withheld = set() if extracted.options.private_posts else strange
        if withheld:
            bodies = [(by, reduced(body, partial(_without, withheld))) for by, body in bodies]
        named = {"withheld": withheld, "strange": strange - withheld}
        facts: JsonObject = {
            "posts": posts,
            "since": cursor.get("since"),
            **{name: sorted(ids, key=int) for name, ids in named.items()},
        }
        raw = (*(archived(by, body) for by, body in bodies), note(facts))
        following: JsonObject | None = None
        if turn.left or turn.next < len(authors):
            open_places = {author: place.dump() for author, place in turn.left.items()}
            following = {**cursor, "next": turn.next, "open": open_places}
        records = self.rows(raw)
        coverage = {
            **{f"refused_to {user}": count for user, count in refused.items()},
            "authors_unread": len(turn.unread),
            "comments_collected": len(records),
            "left_out": len(withheld),
            "post_unknown": sum(record.data["post_unknown"] for record in records),
            "text_unavailable": sum(record.data["text_unavailable"] for record in records),
        }
        return SourcePage(records, raw, following, len(turn.answers) + calls, coverage=coverage)

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """A comment by its own id (``comment_id``), with its author, its files and its post.

        Where only changes are wanted, what is older than that came along, and is not shown.
        """
        facts = noted(raw)
        posts, strange = as_map(facts.get("posts")), set(as_list(facts.get("strange")))
        found: dict[str, JsonObject] = {}
        for one in told(raw):
            for key, result in batch_results(one.answer).items():
                author, files = author_of(key), files_of(result)
                for comment in since(comments_of(result), facts.get("since")):
                    post = _post_of(comment, posts)
                    found[str(comment["comment_id"])] = {
                        **comment,
                        "author_id": author,
                        "files": [files[str(file)] for file in as_list(comment.get("attach")) if str(file) in files],
                        "post_id": post,
                        "post_unknown": post is None or str(comment["comment_id"]) in strange,
                        "text_unavailable": one.by != author and not comment.get("text"),
                    }
        return tuple(SourceRecord(source_id, row) for source_id, row in found.items())

    async def _authors(self, cursor: JsonObject, extracted: Extracted) -> list[str]:
        page = cursor["page"]
        users = self._unchanged.rows(extracted, page) if "unchanged" in cursor else extracted.rows(page)
        return [record.id for record in await users]

    async def _ask_all(self, webhooks: Sequence[Webhook], turn: Turn) -> dict[str, int]:
        """Authors who were refused to each user's webhook; they are asked for through the next one that may.

        Raises the refusal when every webhook was asked and none was told anything.
        """
        counts: dict[str, int] = {}
        refusals: list[EntityStopped] = []
        readers, waiting = list(webhooks), list(turn.places)
        while waiting:
            chosen = by_reader(readers, waiting)
            if not chosen and len(counts) == len(webhooks) and not any(one.results for _, one in turn.answers):
                raise refusals[0]
            turn.unread += set(waiting).difference(*(mine for _, mine in chosen))
            waiting = []
            for webhook, mine in chosen:
                refused = await self._ask(webhook, mine, turn)
                if refused:
                    counts[webhook.user] = len(refused)
                    refusals += refused.values()
                    waiting += refused
                    readers.remove(webhook)
        return counts

    async def _ask(self, webhook: Webhook, authors: Sequence[str], turn: Turn) -> dict[str, EntityStopped]:
        """A page for each author; those who were refused.

        One who stumbles goes on where he is; one whom the portal does not know is over.
        """
        asked = {author_key(author): command(author, turn.places[author]) for author in authors}
        try:
            answer = await webhook.transport.batch(asked)
        except RetryLater:
            self._pacing.failed(len(asked))
            raise
        except EntityStopped as refusal:
            return dict.fromkeys(authors, refusal)
        self._pacing.took(answer.seconds, len(asked))
        turn.answers.append((webhook.user, answer))
        refused: dict[str, EntityStopped] = {}
        for author in authors:
            error = answer.errors.get(author_key(author))
            if error is None:
                page = comments_of(answer.results[author_key(author)])
                turn.pages[author] = page
                if (after := place_after(turn.places[author], page)) is not None:
                    turn.left[author] = after
            elif isinstance(error, RetryLater | SlowDown):
                turn.left[author] = turn.places[author]
                turn.stumbles.append(error)
            elif not isinstance(error, EntityStopped):
                raise error
            elif not is_gone(error):
                refused[author] = error
        return refused

    def _postponed(self, turn: Turn, generation: str) -> set[str]:
        """Authors whose comments name more entries than one read looks up; the next reads ask for fewer authors."""
        asked: set[str] = set()
        postponed: set[str] = set()
        for author, page in list(turn.pages.items()):
            more = asked | self._entries.unasked(_entries(page), generation)
            if asked and len(more) > _ENTRIES_AT_ONCE:
                postponed.add(author_key(author))
                turn.postpone(author)
            else:
                asked = more
        self._fitting = max(1, len(turn.pages)) if postponed else min(2 * self._fitting, MOST_COMMANDS)
        return postponed

    def _is_of(self, posts: Collection[str], comment: JsonObject, entries: JsonObject) -> bool:
        """Whether a comment is of one of ``posts``.

        One whose post is not known is of a post that no webhook sees, unless this portal never told any post.
        """
        post = _post_of(comment, entries)
        return not self._entries.proven if post is None else post in posts


def _add_post(posts: dict[str, str], record: SourceRecord, _page: str) -> None:
    author = str(record.data.get("AUTHOR_ID"))
    posts[record.id] = sys.intern(author) if author.isdecimal() else ""


def _post_of(comment: JsonObject, entries: JsonObject) -> str | None:
    """The id of a comment's post. A post that is younger than the comment is not the one."""
    if number(comment.get("post_id")):
        return str(comment["post_id"])
    post = as_map(entries.get(str(comment.get("log_id"))))
    published, made = instant(post.get("DATE_PUBLISH")), instant(comment.get("date"))
    if not post or (published is not None and made is not None and made < published):
        return None
    return str(post["ID"])


def _entries(comments: Iterable[JsonObject]) -> set[str]:
    """The feed entries of comments that do not name their post."""
    unnamed = (one for one in comments if not number(one.get("post_id")))
    return {str(one["log_id"]) for one in unnamed if number(one.get("log_id"))}


def _of_others(postponed: Collection[str], key: str, result: Json) -> Json:
    return None if key in postponed else result


def _without(withheld: Collection[str], _key: str, result: Json) -> Json:
    """A page without those comments and their files."""
    comments = [one for one in comments_of(result) if str(one["comment_id"]) not in withheld]
    shown = {str(file) for one in comments for file in as_list(one.get("attach"))}
    files = {name: file for name, file in files_of(result).items() if name in shown}
    return {**as_map(result), "comments": comments, "files": files}


READERS: Readers = {"feed_comment": lambda portal: CommentReader(portal.webhooks)}

NEEDS = (Need(METHOD, SCOPES, {"LIMIT": 1}),)
