"""Who sees which post of the feed (API facts §4.3).

No answer tells to whom a post went. So the list is asked once for everybody (``UA``), and once for every group
(``SG5``), department (``DR3``) and user (``U7``) that was read; a record says that a post went to one of them. The list
answers whole posts; only their ids and dates are archived here, the posts themselves are another entity's, and what is
private among them may not be wanted at all.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.raw import archived, note, noted, told
from connectors.bitrix24.readers.gathered import Gathered
from connectors.bitrix24.readers.looking import Look, Lookout, found
from connectors.bitrix24.readers.reader import Need, Readers
from connectors.bitrix24.readers.unchanged import Unchanged
from connectors.bitrix24.readers.windows import Dated, Window, commands
from connectors.bitrix24.readers.withholding import reduced, rows_reduced
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import EntityStopped
from shared.model.json import Json, JsonObject, as_list
from shared.model.records import Cut, SourcePage, SourceRecord
from shared.ports.systems import Extracted

POSTS = Dated("log.blogpost.get", "LOG_DATE_FROM", "LOG_DATE_TO", "DATE_PUBLISH")
SCOPES = ("log",)
_EVERYBODY = "UA"
_PARENTS = {"group": "SG", "department": "DR", "user": "U"}

Audiences = dict[str, list[str]]
"""By id of a post: the rights under which it was found."""


def audiences() -> Gathered[Audiences]:
    """All that the records of this entity say."""
    return Gathered("feed_audience", dict, _add)


def posts_since(extracted: Extracted) -> int | None:
    """From when on (Unix seconds) posts are wanted; None for all of them."""
    since = extracted.since("feed_post")
    return None if since is None else int(since.timestamp())


def in_order(rights: Sequence[str]) -> list[str]:
    """Everybody, then departments, groups and users, each by number."""
    return sorted(set(rights), key=lambda right: (right != _EVERYBODY, right.rstrip("0123456789"), len(right), right))


def goes_to_persons_only(rights: Sequence[str]) -> bool:
    """Whether a post with these rights went to single users, not to a circle of them."""
    return all(right[:1] == "U" and right[1:].isdecimal() for right in rights)


def _add(known: Audiences, record: SourceRecord, _page: str) -> None:
    known.setdefault(record.data["post_id"], []).append(sys.intern(record.data["right"]))


@dataclass(slots=True)
class AudienceReader:
    """A range for everybody, and one for each page of groups, departments and users. See ``Reader``.

    A user takes one command of a batch where few posts go to single users: 5,000 users are 100 calls for each webhook.
    """

    webhooks: Webhooks
    _lookout: Lookout = field(init=False)
    _unchanged: dict[str, Unchanged] = field(init=False)

    def __post_init__(self) -> None:
        self._lookout = Lookout(POSTS, SCOPES, lambda right: {"LOG_RIGHTS": [right]}, self.webhooks)
        self._unchanged = {kind: Unchanged(kind) for kind in _PARENTS}

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """Ranges by pages of parents; their cursors hold how far the page was begun and the windows that are open.

        Where only changes are wanted, the windows begin where those of posts do, and parents that did not change are
        asked for as well; unless there is no post at all.
        """
        since = posts_since(extracted)
        if since is not None and not await self._are_any(since):
            return Cut(())
        more: JsonObject = {"end": await self._lookout.end()} | ({} if since is None else {"since": since})
        parents = [(kind, page) for kind in _PARENTS for page in await extracted.pages(kind)]
        of_parents = ({"page": page, "kind": kind, **more} for kind, page in parents)
        unchanged = [(kind, page) for kind, one in self._unchanged.items() for page in await one.of(extracted)]
        of_unchanged = ({"page": page, "kind": kind, "unchanged": True, **more} for kind, page in unchanged)
        return Cut(({"windows": [Window(_EVERYBODY, since).dump()], **more}, *of_parents, *of_unchanged))

    async def _are_any(self, since: int) -> bool:
        """Whether some webhook is shown a post of that time. Who is denied it is not asked."""
        for webhook in await self.webhooks.with_scope(*SCOPES):
            (command,) = commands(Window("", since), POSTS, lambda _label: {}).values()
            try:
                if as_list((await webhook.transport.call(*command)).result):
                    return True
            except EntityStopped:
                return True  # the reading of it tells more
        return False

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """One batch for each webhook: open windows first, then rights that were not asked for yet."""
        rights = await self._rights(cursor, extracted)
        begun = int(cursor.get("begun", 0))
        stack = [Window(*one) for one in cursor.get("windows", [])]
        while begun < len(rights) and len(stack) < self._lookout.most:
            stack.insert(0, Window(rights[begun], cursor.get("since")))
            begun += 1
        look = await self._lookout.look(stack, cursor["end"])
        if not extracted.options.private_posts:
            _check_own(look)
        raw = [archived(by, reduced(body, _ids_and_dates)) for by, body in look.bodies]
        raw.append(note({"windows": [window.dump() for window in look.whole]}))
        following: JsonObject | None = None
        if look.left or begun < len(rights):
            following = {**cursor, "begun": begun, "windows": [window.dump() for window in look.left]}
        coverage = {**look.coverage, "rights_refused": len(look.dropped)}
        return SourcePage(self.rows(raw), tuple(raw), following, len(look.bodies), coverage=coverage)

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """``{right}:{post id}`` for each post that some webhook found in a window that was read whole."""
        answers: dict[str, JsonObject] = {}
        for one in told(raw):
            answers.setdefault(one.by, {}).update(batch_results(one.answer))
        rows: dict[str, JsonObject] = {}
        for window in (Window(*one) for one in noted(raw).get("windows", [])):
            for _, posts in found(window, answers, POSTS):
                for post_id in posts:
                    rows[f"{window.label}:{post_id}"] = {"right": window.label, "post_id": post_id}
        return tuple(SourceRecord(source_id, row) for source_id, row in rows.items())

    async def _rights(self, cursor: JsonObject, extracted: Extracted) -> list[str]:
        if "page" not in cursor:
            return []
        kind, page = cursor["kind"], cursor["page"]
        unchanged = self._unchanged[kind].rows(extracted, page) if "unchanged" in cursor else extracted.rows(page)
        return [f"{_PARENTS[kind]}{record.id}" for record in await unchanged]


def _check_own(look: Look) -> None:
    """Raises EntityStopped when a webhook is told other rights, but not which posts went to its own user.

    It would show private posts that nothing tells from others.
    """
    whole = set(look.whole)
    for user, refused in look.refused.items():
        if whole.difference(refused) and any(window.label == f"{_PARENTS['user']}{user}" for window in refused):
            raise EntityStopped("source.denied", f"{POSTS.method}: user {user} may not ask which posts went to them")


def _ids_and_dates(_key: str, result: Json) -> Json:
    return rows_reduced(result, lambda row: {name: row.get(name) for name in (POSTS.id, POSTS.field)})


READERS: Readers = {"feed_audience": lambda portal: AudienceReader(portal.webhooks)}

NEEDS = (Need(POSTS.method, SCOPES, {"LAST_ID": 1, "LIMIT": 1}),)
