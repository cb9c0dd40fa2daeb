"""Files of a portal's drive behind real sockets, and what reads them."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import web

from connectors.bitrix24.families.media import MediaReader
from connectors.bitrix24.readers.reader import Portal
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.media.addresses import AllowedSources
from shared.media.fetching import MediaFetcher
from shared.model.errors import RetryLater, SlowDown
from shared.model.json import Json, JsonObject
from shared.model.records import SourcePage, SourceRecord
from shared.model.run import RunOptions
from shared.ports.stores import MediaStore
from shared.storage.memory.media import MemoryMediaStore
from tests.unit.bitrix24_stand_in import Whole, connected

PNG = b"\x89PNG\r\n\x1a\n" + random.Random(3).randbytes(500)
LOGIN = b"<!DOCTYPE html><html><head><title>Log in</title></head></html>"

_PICTURES = {"user.get": "PERSONAL_PHOTO", "sonet_group.get": "IMAGE"}

Answer = Callable[[str, int], web.Response]
"""(number of a file, how often it was asked for before) → what its address answers."""


def file(_number: str, _before: int) -> web.Response:
    return web.Response(body=PNG, content_type="image/png")


def login(_number: str, _before: int) -> web.Response:
    return web.Response(body=LOGIN, content_type="text/html")


def document(_number: str, _before: int) -> web.Response:
    return web.Response(body=b"%PDF-1.7" + PNG[8:], content_type="application/pdf")


def failing(_number: str, _before: int) -> web.Response:
    return web.Response(status=502)


@dataclass
class Drive:
    """Files 1 to 9, each attached under its number and 100 more; ``answer`` is what their addresses lead to.

    ``denied`` are pairs of a user and a file; with ``cards_only`` they see what it is, and not where. ``refusals`` are
    those of single users. ``down``: there is no first page either. ``pictures`` are where those of owners lie
    today, by the number of their owner.
    """

    origin: str = ""
    answer: Answer = file
    downloads: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    names: dict[str, str] = field(default_factory=dict)
    denied: frozenset[tuple[str, str]] = frozenset()
    cards_only: bool = False
    down: bool = False
    pictures: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, JsonObject] = field(default_factory=dict)
    refusal: JsonObject = field(
        default_factory=lambda: {"error": "ACCESS_DENIED", "error_description": "Access denied"}
    )

    async def serve(self, request: web.Request) -> web.Response:
        if request.path == "/":
            return web.Response(status=503 if self.down else 200)
        number = request.path.rpartition("/")[2]
        self.downloads[number] += 1
        return self.answer(number, self.downloads[number] - 1)

    def as_user(self, user: str) -> Callable[[JsonObject], JsonObject]:
        """What the portal answers to the batches of one user."""

        def batch(body: JsonObject) -> JsonObject:
            results: JsonObject = {}
            errors: JsonObject = {}
            for key, command in body["cmd"].items():
                method, _, query = command.partition("?")
                if method in _PICTURES:
                    results[key] = self._owner(method, dict(parse_qsl(query))["FILTER[ID]"])
                    continue
                card = self._card(method, dict(parse_qsl(query))["id"], user)
                (results if card else errors)[key] = card or self.refusals.get(user, self.refusal)
            return {"result": {"result": results or [], "result_error": errors or []}}

        return batch

    def _owner(self, method: str, number: str) -> Json:
        self.asked[method] += 1
        return [{"ID": number, _PICTURES[method]: self.pictures[number]}] if number in self.pictures else []

    def _card(self, method: str, asked: str, user: str) -> JsonObject | None:
        self.asked[method] += 1
        number = str(int(asked) - 100) if method == "disk.attachedObject.get" else asked
        denied = (user, number) in self.denied and not (self.cards_only and number != asked)
        if not 0 < int(number) < 10 or denied:
            return None
        name = self.names.get(number, f"{number}.png")
        card: JsonObject = {"NAME": name, "SIZE": str(len(PNG)), "DOWNLOAD_URL": f"{self.origin}/{number}"}
        return card | ({"OBJECT_ID": number} if number != asked else {})


@dataclass
class Rows(Whole):
    """One page of one owner's records."""

    records: tuple[SourceRecord, ...]
    options: RunOptions = field(default_factory=RunOptions)
    generation: str = "run"

    async def pages(self, entity: str) -> tuple[str, ...]:
        return ("the page",) if entity == "feed_post" else ()

    async def rows(self, _page: str) -> tuple[SourceRecord, ...]:
        return self.records


@asynccontextmanager
async def serving(drive: Drive) -> AsyncIterator[Drive]:
    """``drive`` at an address of its own, which nobody answers afterwards."""
    app = web.Application()
    app.router.add_get("/{path:.*}", drive.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    drive.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield drive
    finally:
        await runner.cleanup()


@dataclass
class Reading:
    """Reads all pages of ``files`` (of a post) or of records of another owner, by a clock of its own.

    ``waits`` are the errors that told a page to wait. Those whose reason it ``outlasts`` are waited for, others raised.
    """

    reader: MediaReader
    time: float = 1000.0
    outlasts: tuple[str, ...] = ("media.unreachable",)
    waits: list[RetryLater | SlowDown] = field(default_factory=list)

    async def __call__(self, *files: Json, owner: str = "feed_post", row: JsonObject | None = None) -> list[SourcePage]:
        return await self.all(owner, row or {"FILES": list(files), "seen_by": ["5"]})

    async def all(self, owner: str, *rows: JsonObject) -> list[SourcePage]:
        """The pages of several records, the first of which is number 17."""
        records = Rows(tuple(SourceRecord(str(number), row) for number, row in enumerate(rows, 17)))
        found: list[SourcePage] = []
        cursor: JsonObject = {"owner": owner, "page": "the page"}
        while cursor:
            try:
                page = await self.reader.read(cursor, records)
            except (RetryLater, SlowDown) as error:
                self.waits.append(error)
                if error.reason.code not in self.outlasts:
                    raise
                self.time += error.retry_after or 5.0
                continue
            assert page.records == self.reader.rows(page.raw)
            found.append(page)
            cursor = page.next or {}
        return found

    @property
    def rests(self) -> list[float]:
        """Seconds for which the page was told to wait because of a file's server."""
        return [one.retry_after or 0.0 for one in self.waits if one.system == "media"]


@asynccontextmanager
async def reading(drive: Drive, *others: str, store: MediaStore | None = None) -> AsyncIterator[Reading]:
    """Reads from ``drive``, and from addresses of ``others``."""
    sources = AllowedSources.of((), [drive.origin, *others])
    media = MediaFetcher(store or MemoryMediaStore(), sources, portal=drive.origin)
    webhooks = Webhooks(
        [], tuple(Webhook(user, "", user == "1", None, connected(drive.as_user(user))) for user in ("1", "5"))
    )
    found = Reading(MediaReader(Portal("portal.example", webhooks, media), patience=(0.0,) * 4))
    found.reader.now = lambda: found.time
    yield found
    await media.close()


def rows_of(pages: list[SourcePage]) -> dict[str, JsonObject]:
    """All rows by id."""
    return {record.id: record.data for page in pages for record in page.records}


def lost_of(pages: list[SourcePage]) -> dict[str, str]:
    """Why each was lost, by id."""
    return {one.id: one.reason for page in pages for one in page.lost}
