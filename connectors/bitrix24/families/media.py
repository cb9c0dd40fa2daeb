"""``media_file``: files of records, each one a record of its own (API facts §4.9).

Pictures of posts, of their comments, of users and of groups; files of tasks when the run asks for them. What else is
attached to posts and comments is out of scope: it is listed, and left where it is.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from connectors.bitrix24.families.people import GROUPS, USERS
from connectors.bitrix24.raw import note, noted
from connectors.bitrix24.readers.attachments import OWNERS, TASK_OWNERS, Listings, Wanted
from connectors.bitrix24.readers.drive import ATTACHED, FILE, SCOPES, Drive, Found, Search, shows_picture
from connectors.bitrix24.readers.file_servers import FileServers
from connectors.bitrix24.readers.file_turns import Turn
from connectors.bitrix24.readers.pictures import Pictures
from connectors.bitrix24.readers.reader import Need, Portal, Readers
from connectors.bitrix24.readers.unchanged import Unchanged
from connectors.bitrix24.readers.windows import instant
from shared.media.naming import media_key
from shared.media.verdicts import Expected, Fetched, Outcome
from shared.model.errors import Conflict, RetryLater, SlowDown
from shared.model.json import Json, JsonObject, as_map
from shared.model.records import Cut, Lost, SourcePage, SourceRecord
from shared.ports.evidence import record
from shared.ports.systems import Extracted

_LEFT_OUT = "media.out_of_scope"
_REMOVED = "media.removed"
_PICTURE = "image/"
_WITH_PICTURES = {"user": USERS, "group": GROUPS}


_DATED = {"group": "DATE_UPDATE"}
"""Owners that a run reads whole even when only changes are wanted: the field that tells when one changed."""

_Came = Fetched | RetryLater | SlowDown
"""What came of a file; an error is one of its server: it is out, stumbles, or asks for a pause."""


@dataclass(slots=True)
class MediaReader:
    """A range for each page of owners. See ``Reader``.

    A row is the entry of a manifest: ``{"owner", "owner_id", "position", "attached_id", "object_id", "aliases", "key",
    "name", "size", "content_type", "checksum", "blob", "reason"}``. ``aliases`` are further ids by which texts refer to
    the file. ``key`` is what it is called at the target (import contract §3), ``blob`` where it lies in the media store
    until then. One with a ``reason`` was left out, and lies nowhere: it is no picture, or the portal has it no more
    (``file_gone`` counts these). ``patience`` are the seconds before the second try of a file and those after it;
    ``now`` answers seconds since 1970.
    """

    portal: Portal
    patience: tuple[float, ...] = (1.0, 4.0, 8.0, 15.0)
    now: Callable[[], float] = time.time
    _listings: Listings = field(default_factory=Listings)

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """Pictures that need no webhook go first. Where only changes are wanted, cursors say ``since`` (Unix seconds).

        Then files are brought of owners that were read now. Those that are read whole each time tell when they changed.
        """
        owners = [owner for owner in OWNERS if owner not in TASK_OWNERS or extracted.options.task_files]
        since = extracted.since("media_file")
        more: JsonObject = {} if since is None else {"since": int(since.timestamp())}
        cursors: list[JsonObject] = []
        for owner in owners:
            pages = await extracted.pages(owner)
            unchanged = await Unchanged(owner).of(extracted) if since is None else {}
            cursors += ({"owner": owner, "page": page, **more} for page in (*pages, *unchanged))
        return Cut(tuple(cursors))

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """Up to 25 files; those that stumbled come after all others of the page.

        Raises RetryLater while a server that was out rests, and when the portal hands out no file at all.
        """
        home = self.portal.media.home
        servers = FileServers.of(home, cursor.get("servers"))
        if (rest := servers.until - self.now()) > 0:
            raise RetryLater("media.unreachable", "a file's server was out; it is tried again", retry_after=rest)
        owner, page = cursor["owner"], cursor["page"]
        listing = self._listings.of(owner, page, _changed(owner, await extracted.rows(page), cursor.get("since")))
        turn = Turn.of(cursor, listing, servers)
        if tries := [count for count in turn.failed.values() if count]:
            await asyncio.sleep(self.patience[min(tries) - 1])
        await self._settle(turn, listing.files)
        waits = [*turn.pauses[:1], *([servers.out] if servers.out else [])]
        if waits and turn.brought_nothing and servers.cursor() == as_map(cursor.get("servers")):
            raise waits[0]
        facts: JsonObject = {"files": turn.rows, "lost": [[one.id, one.reason, one.message] for one in turn.lost]}
        raw = (*turn.raw, note(facts))
        calls, coverage = turn.downloads + len(turn.raw), {"file_gone": turn.gone} if turn.gone else {}
        return SourcePage(self.rows(raw), raw, turn.following(cursor), calls, tuple(turn.lost), coverage)

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """What was noted of each file; the answers beside it show where it came from."""
        return tuple(SourceRecord(one, row) for one, row in as_map(noted(raw).get("files")).items())

    async def _settle(self, turn: Turn, wanted: Sequence[Wanted]) -> None:
        """Bring the files of a turn; for those whose address was over already, a fresh one is asked for once."""
        files, found = turn.files_by_id, {}
        for one in files.values():
            if one.open_address is not None:
                found[one.id] = Found(one.name, None, address=one.open_address)
            elif one.is_picture is False and not one.any_kind:
                found[one.id] = Found(one.name, one.size, one.object)
        search = await self._search(turn, [one for one in files.values() if one.id not in found], found)
        gone = search.gone
        turn.lost += [Lost(one, error.reason.code, error.message) for one, error in search.denied.items()]
        known = [one for one in files.values() if one.id in found and one.id not in search.refused]
        chosen = [one for one in known if one.any_kind or shows_picture(one, found[one.id]) is not False]
        turn.rows |= {one.id: _row(turn, one, found[one.id], _LEFT_OUT) for one in known if one not in chosen}
        fetched = await self._bring(turn, chosen, found)
        if expired := [one for one in chosen if one.open_address is None and _is_over(fetched[one.id])]:
            search = await self._search(turn, expired, found, again=True)
            fetched |= await self._bring(turn, [one for one in expired if one.id in search.found], found)
            gone |= search.gone
        turn.rows |= {one: _row(turn, files[one], found.get(one) or _unknown(files[one]), _REMOVED) for one in gone}
        turn.gone = len(gone)
        await self._judge(turn, {one: came for one, came in fetched.items() if one not in gone}, found, wanted)

    async def _search(
        self, turn: Turn, files: Sequence[Wanted], found: dict[str, Found], *, again: bool = False
    ) -> Search:
        """What it brings is ``found``."""
        drive = Drive(self.portal.webhooks)
        stored = [one for one in files if one.address is None]
        search = await (drive.find_again(stored, found) if again else drive.find(stored))
        shown = [one for one in files if one.address is not None]
        await Pictures(self.portal.webhooks, _WITH_PICTURES).find(shown, search)
        turn.raw += search.raw
        found |= search.found
        return search

    async def _judge(
        self, turn: Turn, came: Mapping[str, _Came], found: Mapping[str, Found], wanted: Sequence[Wanted]
    ) -> None:
        """What stumbled is judged by what else came of its server."""
        stumbles: dict[int, RetryLater] = {}
        answered: set[str] = set()
        for place, one in turn.files.items():
            result = came.get(one.id)
            if isinstance(result, Fetched):
                answered |= {result.origin} if result.origin else set()
                self._book(turn, place, found[one.id], result)
            elif isinstance(result, SlowDown):
                turn.again[place] = turn.failed[place]
                turn.pauses.append(result)
            elif result is not None:
                stumbles[place] = result
        if turn.servers.in_doubt(stumbles.values(), answered):
            if await self._still_comes(turn, wanted):
                answered.add(turn.servers.home)
            else:
                turn.servers.down = not await self.portal.media.answers("/")
        for place, count in turn.servers.weigh(stumbles, turn.failed, answered, self.now()).items():
            if count is None:
                turn.lost.append(Lost(turn.files[place].id, stumbles[place].reason.code, stumbles[place].message))
            else:
                turn.again[place] = count

    async def _still_comes(self, turn: Turn, wanted: Sequence[Wanted]) -> bool:
        """Whether the portal hands out a file that it handed out before."""
        if turn.came is None:
            return False
        one, found = wanted[turn.came], dict[str, Found]()
        if one.open_address is None:
            await self._search(turn, [one], found)
        address = found[one.id].address if one.id in found else one.open_address
        return address is not None and await self.portal.media.answers(address)

    async def _bring(self, turn: Turn, files: Sequence[Wanted], found: Mapping[str, Found]) -> dict[str, _Came]:
        """Everything at once: the fetcher knows how many connections it may have."""
        results = await asyncio.gather(
            *(self._fetch(turn, one, found[one.id]) for one in files), return_exceptions=True
        )
        return {one.id: _raised(result) for one, result in zip(files, results, strict=True)}

    async def _fetch(self, turn: Turn, wanted: Wanted, found: Found) -> Fetched:
        """Raises as ``MediaFetcher.fetch``, but for RetryLater when another worker is at it."""
        blob, size = self._blob(wanted, found), wanted.size if found.size is None else found.size
        kept = None if size is None else await self.portal.media.kept(blob, size)
        if kept is not None:
            return kept
        turn.downloads += 1
        try:
            kind = None if wanted.any_kind else _PICTURE
            fetched = await self.portal.media.fetch(found.address or "", blob, Expected(size, kind))
        except Conflict:
            raise RetryLater("media.unreachable", "another worker fetches the same file") from None
        except (RetryLater, SlowDown) as error:
            if error.system == "media":
                record("download", error.reason.code)
            raise
        record("download", fetched.reason or "ok")
        return fetched

    def _book(self, turn: Turn, place: int, found: Found, fetched: Fetched) -> None:
        wanted = turn.files[place]
        if fetched.outcome is Outcome.STORED:
            if fetched.origin == turn.servers.home:
                turn.came = place
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

    def _blob(self, wanted: Wanted, found: Found) -> str:
        """Another file, or another version of it, lies elsewhere: what is there already need not be fetched again."""
        name = found.name or wanted.name or ""
        if found.object is None:
            address = hashlib.sha256((wanted.address or "").encode()).hexdigest()
            return f"{quote(self.portal.name, safe='')}/{media_key('picture', address, 0, name)}"
        return f"{quote(self.portal.name, safe='')}/{media_key('file', found.object, found.version, name)}"


def _row(turn: Turn, wanted: Wanted, found: Found, reason: str | None = None) -> JsonObject:
    """See ``MediaReader``.

    The key holds the file's own number, as the source id does, and not its place: files that change places keep their
    content. A picture keeps its key whatever its file is called today.
    """
    name = found.name or wanted.name or ""
    alias = f"{wanted.owner}-{wanted.owner_id}-n{found.object}"
    return {
        "owner": wanted.owner,
        "owner_id": wanted.owner_id,
        "position": wanted.position,
        "attached_id": wanted.attached,
        "object_id": found.object,
        "aliases": [alias] if found.object and alias not in turn.ids else [],
        "key": media_key(wanted.owner, wanted.owner_id, wanted.file, name if found.object else ""),
        "name": name,
        "size": found.size,
        "content_type": None,
        "checksum": None,
        "blob": None,
        "reason": reason,
    }


def _changed(owner: str, records: Sequence[SourceRecord], since: Json) -> Sequence[SourceRecord]:
    if since is None or owner not in _DATED:
        return records
    moments = [(record, instant(record.data.get(_DATED[owner]))) for record in records]
    return [record for record, moment in moments if moment is None or moment >= int(str(since))]


def _unknown(wanted: Wanted) -> Found:
    return Found(wanted.name, wanted.size, wanted.object)


def _is_over(fetched: _Came) -> bool:
    return isinstance(fetched, Fetched) and fetched.outcome is Outcome.EXPIRED


def _raised(result: Fetched | BaseException) -> _Came:
    """What a server of files did is told, every other error is raised."""
    if isinstance(result, Fetched) or (isinstance(result, RetryLater | SlowDown) and result.system == "media"):
        return result
    raise result


READERS: Readers = {"media_file": MediaReader}

NEEDS = (Need(ATTACHED, SCOPES), Need(FILE, SCOPES))
