"""A portal of ids that answers batches by a function, for the tests of paging."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl

import orjson

from connectors.bitrix24.listing import PAGE
from connectors.bitrix24.readers import reader
from connectors.bitrix24.transport import Access, Transport
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.http.client import Answer, HttpClient
from shared.media.addresses import AllowedSources
from shared.media.fetching import MediaFetcher
from shared.model.json import Json, JsonObject
from shared.model.records import SourceRecord
from shared.model.run import RunOptions
from shared.ports.stores import MediaStore
from shared.storage.memory.media import MemoryMediaStore

_MACRO = re.compile(r"\$result\[(\w+)\]\[(\d+)\]\[(\w+)\]")
_STUMBLE = {"error": "INTERNAL_SERVER_ERROR", "error_description": ""}
_GONE = {"error": "", "error_description": "Socialnetwork group not found"}

_CLIENT = HttpClient("source", lambda _method, _verdict: None)
"""Never on the wire here."""

Happening = Callable[["Portal", str], str | None]
"""Called before each command with its key: may change the portal, and says how the answer goes wrong, if it does."""


def calm(_portal: "Portal", _key: str) -> str | None:
    return None


@dataclass
class Portal:
    """A table of ids behind a function that answers batches as the API does.

    Wrongs: ``left out`` of every section, ``stumbles`` into result_error, ``gone``, ``withheld`` (fewer rows than
    fit), ``null``. A macro that finds nothing leaves its condition void, so that the answer is page 1.
    """

    ids: set[int]
    happening: Happening = calm
    batches: list[dict[str, str]] = field(default_factory=list)

    def answer(self, body: JsonObject) -> JsonObject:
        self.batches.append(body["cmd"])
        results: dict[str, Json] = {}
        errors: dict[str, Json] = {}
        for key, command in body["cmd"].items():
            wrong = self.happening(self, key)
            method, _, query = command.partition("?")
            parameters = dict(parse_qsl(query))
            members = [{"USER_ID": parameters.get("ID"), "ROLE": "A"}]
            result = members if method == "sonet_group.user.get" else self._run(parameters, results)
            if wrong in ("stumbles", "gone"):
                errors[key] = _STUMBLE if wrong == "stumbles" else _GONE
            elif wrong != "left out":
                results[key] = {"withheld": result[: max(1, PAGE // 3)], "null": None}.get(wrong or "", result)
        return {"result": {"result": results or [], "result_error": errors or [], "result_total": []}}

    def _run(self, parameters: dict[str, str], results: dict[str, Json]) -> list[JsonObject]:
        lower = self._bound(parameters.get("FILTER[>ID]"), results, -1)
        upper = self._bound(parameters.get("FILTER[<=ID]"), results, 10**9)
        found = sorted(one for one in self.ids if lower < one <= upper)
        if "DESC" in (parameters.get("order"), parameters.get("ORDER[ID]")):
            found.reverse()
        return [{"ID": str(one)} for one in found[:PAGE]]

    @staticmethod
    def _bound(text: str | None, results: dict[str, Json], void: int) -> int:
        if text is None or (macro := _MACRO.fullmatch(text)) is None:
            return void if text is None else int(text)
        page = results.get(macro[1]) or []
        return int(page[int(macro[2])][macro[3]]) if len(page) > int(macro[2]) else void


class Connected(Transport):
    """The transport with a function where the socket would be."""

    __slots__ = ("answer",)
    answer: Callable[[JsonObject], JsonObject]

    async def _post(self, _method: str, parameters: JsonObject, _payer: str) -> Answer:
        return Answer(200, {}, orjson.dumps(self.answer(parameters)), 0.01)


class OpenBudget:
    """Always gives leave; remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, float | None]] = []

    async def acquire(self, method: str, calls: int = 1) -> None:
        """At once."""

    async def throttled(self, method: str, retry_after: float | None = None) -> None:
        self.told.append((method, retry_after))


def connected(answer: Callable[[JsonObject], JsonObject]) -> Connected:
    """A transport whose calls ``answer`` answers: parameters of the call → body."""
    transport = Connected(Access.of("https://portal.example/rest/1/secret-code/"), _CLIENT, OpenBudget())
    transport.answer = answer
    return transport


def introduced(answer: Callable[[JsonObject], JsonObject]) -> Webhooks:
    """One administrator's webhook whose calls ``answer`` answers, and who need not be asked for it."""
    return Webhooks([], (Webhook("1", "Anna", True, None, connected(answer)),))


def fetcher(portal: str = "https://portal.example/", store: MediaStore | None = None) -> MediaFetcher:
    """Fetches files from the portal itself, into memory unless there is a ``store``."""
    return MediaFetcher(store or MemoryMediaStore(), AllowedSources.of((), [portal]), portal=portal)


def reading(webhooks: Webhooks) -> reader.Portal:
    """What readers read with, when these are the webhooks."""
    return reader.Portal("portal.example", webhooks, fetcher())


class Whole:
    """What was read before, when everything is read whole."""

    def since(self, _entity: str) -> datetime | None:
        return None

    async def earlier(self, _entity: str) -> tuple[str, ...]:
        return ()

    async def gone(self, _entity: str) -> frozenset[str]:
        return frozenset()


@dataclass(frozen=True, slots=True)
class NothingYet:
    """What was read before, for entities that follow no other."""

    options: RunOptions = field(default_factory=RunOptions)
    generation: str = "run"
    moment: datetime | None = None

    async def pages(self, _entity: str) -> tuple[str, ...]:
        return ()

    async def rows(self, _page: str) -> tuple[SourceRecord, ...]:
        return ()

    def since(self, _entity: str) -> datetime | None:
        return self.moment

    async def earlier(self, _entity: str) -> tuple[str, ...]:
        return ()

    async def gone(self, _entity: str) -> frozenset[str]:
        return frozenset()
