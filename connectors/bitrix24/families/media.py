"""``media_file``: files of records, each one a record of its own (API facts §4.9).

Pictures of posts, of their comments, of users and of groups; files of tasks when the run asks for them. What else is
attached to posts and comments is out of scope: it is listed, and left where it is.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from connectors.bitrix24.raw import note, noted
from connectors.bitrix24.readers.attachments import OWNERS, TASK_OWNERS, Wanted, files_of
from connectors.bitrix24.readers.drive import ATTACHED, FILE, SCOPES, Drive, Found, shows_picture
from connectors.bitrix24.readers.reader import Need, Portal, Readers
from shared.media.naming import media_key
from shared.media.verdicts import Expected, Fetched, Outcome
from shared.model.errors import Conflict, RetryLater, SlowDown
from shared.model.json import JsonObject, as_list, as_map
from shared.model.records import Cut, Lost, SourcePage, SourceRecord
from shared.ports.evidence import record
from shared.ports.systems import Extracted

_AT_ONCE = 25
"""Files of one read: few enough for their addresses to be used before they are over."""

_LEFT_OUT = "media.out_of_scope"
_PICTURE = "image/"


@dataclass(frozen=True, slots=True)
class _Stumble:
    """The file's server is out, or asks for a pause."""

    error: RetryLater | SlowDown


@dataclass(slots=True)
class _Turn:
    """One read: ``files`` by their place on the page, and how often each ``failed`` before. What came of it: ``rows``
    and what is ``lost``, by id; and by place how often those have failed that are to be tried ``again``. ``ids`` are
    those of all files of the page.
    """

    files: dict[int, Wanted]
    failed: dict[int, int]
    next: int
    again: dict[int, int]
    ids: frozenset[str]
    rows: dict[str, JsonObject] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)
    pauses: list[SlowDown] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    downloads: int = 0

    @property
    def files_by_id(self) -> dict[str, Wanted]:
        return {one.id: one for one in self.files.values()}


@dataclass(slots=True)
class MediaReader:
    """A range for each page of owners. See ``Reader``.

    A row is the entry of a manifest: ``{"owner", "owner_id", "position", "attached_id", "object_id", "aliases", "key",
    "name", "size", "content_type", "checksum", "blob", "reason"}``. ``aliases`` are further ids by which texts refer to
    the file. ``key`` is what it is called at the target (import contract §3), ``blob`` where it lies in the media store
    until then. One with a ``reason`` was left out, and lies nowhere. ``patience`` are the seconds before the second try
    of a file, before the third and so on.
    """

    portal: Portal
    patience: tuple[float, ...] = (1.0, 4.0)

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """Pictures that need no webhook go first."""
        owners = [owner for owner in OWNERS if owner not in TASK_OWNERS or extracted.options.task_files]
        cursors: list[JsonObject] = []
        for owner in owners:
            cursors += ({"owner": owner, "page": page} for page in await extracted.pages(owner))
        return Cut(tuple(cursors))

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """Up to 25 files; those that stumbled come after all others of the page."""
        owner = cursor["owner"]
        wanted = [one for record in await extracted.rows(cursor["page"]) for one in files_of(owner, record)]
        turn = _turn(cursor, wanted)
        if tries := [count for count in turn.failed.values() if count]:
            await asyncio.sleep(self.patience[min(tries) - 1])
        await self._settle(turn)
        if turn.pauses and not turn.rows and not turn.lost:
            raise turn.pauses[0]
        facts: JsonObject = {"files": turn.rows, "lost": [[one.id, one.reason, one.message] for one in turn.lost]}
        raw = (*turn.raw, note(facts))
        following: JsonObject | None = None
        if turn.again or turn.next < len(wanted):
            following = {**cursor, "start": turn.next, "again": [list(one) for one in turn.again.items()]}
        return SourcePage(self.rows(raw), raw, following, turn.downloads + len(turn.raw), tuple(turn.lost))

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """What was noted of each file; the answers beside it show where it came from."""
        return tuple(SourceRecord(one, row) for one, row in as_map(noted(raw).get("files")).items())

    async def _settle(self, turn: _Turn) -> None:
        """Bring the files of a turn; for those whose address was over already, a fresh one is asked for once."""
        files, found = turn.files_by_id, {}
        for one in files.values():
            if one.address is not None:
                found[one.id] = Found(one.name, None, address=one.address)
            elif one.is_picture is False and not one.any_kind:
                found[one.id] = Found(one.name, one.size, one.object)
        search = await Drive(self.portal.webhooks).find([one for one in files.values() if one.id not in found])
        turn.raw += search.raw
        found |= search.found
        turn.lost += [Lost(one, error.reason.code, error.message) for one, error in search.refused.items()]
        known = {one: files[one] for one in files if one in found}
        chosen = [one for one in known.values() if one.any_kind or shows_picture(one, found[one.id]) is not False]
        left_out = (one for one, wanted in known.items() if wanted not in chosen)
        turn.rows |= {one: _row(turn, known[one], found[one], _LEFT_OUT) for one in left_out}
        fetched = await self._bring(turn, chosen, found)
        expired = [one for one in chosen if one.address is None and _is_over(fetched[one.id])]
        if expired:
            search = await Drive(self.portal.webhooks).find_again(expired, found)
            turn.raw += search.raw
            found |= search.found
            fetched |= await self._bring(turn, [one for one in expired if one.id in search.found], found)
        for place, wanted in turn.files.items():
            if wanted.id in fetched:
                self._judge(turn, place, found[wanted.id], fetched[wanted.id])

    async def _bring(
        self, turn: _Turn, files: Sequence[Wanted], found: Mapping[str, Found]
    ) -> dict[str, Fetched | _Stumble]:
        """Everything at once: the fetcher knows how many connections it may have."""
        results = await asyncio.gather(
            *(self._fetch(turn, one, found[one.id]) for one in files), return_exceptions=True
        )
        return {one.id: _raised(result) for one, result in zip(files, results, strict=True)}

    async def _fetch(self, turn: _Turn, wanted: Wanted, found: Found) -> Fetched | _Stumble:
        """A stumble is one of the file's server; every other error is raised."""
        blob, size = self._blob(wanted, found), wanted.size if found.size is None else found.size
        kept = None if size is None else await self.portal.media.kept(blob, size)
        if kept is not None:
            return kept
        turn.downloads += 1
        try:
            kind = None if wanted.any_kind else _PICTURE
            fetched = await self.portal.media.fetch(found.address or "", blob, Expected(size, kind))
        except Conflict:
            return _Stumble(RetryLater("media.unreachable", "another worker fetches the same file"))
        except (RetryLater, SlowDown) as error:
            if error.system != "media":
                raise
            record("download", error.reason.code)
            return _Stumble(error)
        record("download", fetched.reason or "ok")
        return fetched

    def _judge(self, turn: _Turn, place: int, found: Found, fetched: Fetched | _Stumble) -> None:
        wanted = turn.files[place]
        if isinstance(fetched, _Stumble):
            self._put_off(turn, place, fetched.error)
        elif fetched.outcome is Outcome.STORED:
            turn.rows[wanted.id] = _row(turn, wanted, found) | {
                "size": fetched.size,
                "content_type": fetched.content_type,
                "checksum": fetched.sha256,
                "blob": self._blob(wanted, found),
            }
        elif fetched.reason == "media.wrong_type" and shows_picture(wanted, found) is None:
            turn.rows[wanted.id] = _row(turn, wanted, found, _LEFT_OUT)
        else:
            turn.lost.append(Lost(wanted.id, fetched.reason or "media.refused", fetched.message))

    def _put_off(self, turn: _Turn, place: int, error: RetryLater | SlowDown) -> None:
        """A server that asks for a pause has not failed."""
        if isinstance(error, SlowDown):
            turn.again[place] = turn.failed[place]
            turn.pauses.append(error)
        elif turn.failed[place] < len(self.patience):
            turn.again[place] = turn.failed[place] + 1
        else:
            turn.lost.append(Lost(turn.files[place].id, error.reason.code, error.message))

    def _blob(self, wanted: Wanted, found: Found) -> str:
        """Another file, or another version of it, lies elsewhere: what is there already need not be fetched again."""
        name = found.name or wanted.name or ""
        if found.object is None:
            address = hashlib.sha256((wanted.address or "").encode()).hexdigest()
            return f"{quote(self.portal.name, safe='')}/{media_key('picture', address, 0, name)}"
        return f"{quote(self.portal.name, safe='')}/{media_key('file', found.object, found.version, name)}"


def _turn(cursor: JsonObject, wanted: Sequence[Wanted]) -> _Turn:
    """New files as long as there are any, then those that are to be tried again."""
    start = int(cursor.get("start", 0))
    again = {int(place): int(count) for place, count in as_list(cursor.get("again"))}
    new = range(start, min(start + _AT_ONCE, len(wanted)))
    chosen = new or list(again)[:_AT_ONCE]
    return _Turn(
        files={place: wanted[place] for place in chosen},
        failed={place: again.get(place, 0) for place in chosen},
        next=start + len(new),
        again={place: count for place, count in again.items() if place not in chosen},
        ids=frozenset(one.id for one in wanted),
    )


def _row(turn: _Turn, wanted: Wanted, found: Found, reason: str | None = None) -> JsonObject:
    """See ``MediaReader``. A picture keeps its key whatever its file is called today."""
    name = found.name or wanted.name or ""
    alias = f"{wanted.owner}-{wanted.owner_id}-n{found.object}"
    return {
        "owner": wanted.owner,
        "owner_id": wanted.owner_id,
        "position": wanted.position,
        "attached_id": wanted.attached,
        "object_id": found.object,
        "aliases": [alias] if found.object and alias not in turn.ids else [],
        "key": media_key(wanted.owner, wanted.owner_id, wanted.position, name if found.object else wanted.file),
        "name": name,
        "size": found.size,
        "content_type": None,
        "checksum": None,
        "blob": None,
        "reason": reason,
    }


def _is_over(fetched: Fetched | _Stumble) -> bool:
    return isinstance(fetched, Fetched) and fetched.outcome is Outcome.EXPIRED


def _raised(result: Fetched | _Stumble | BaseException) -> Fetched | _Stumble:
    if isinstance(result, BaseException):
        raise result
    return result


READERS: Readers = {"media_file": MediaReader}

NEEDS = (Need(ATTACHED, SCOPES), Need(FILE, SCOPES))
