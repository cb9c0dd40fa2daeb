"""Files of the drive by their numbers: what they are, and where they are for a moment (API facts §4.9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.readers.attachments import Wanted, is_picture, size_of
from connectors.bitrix24.readers.attempts import attempt
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped
from shared.model.json import Json, JsonObject, as_map

ATTACHED, FILE = "disk.attachedObject.get", "disk.file.get"
SCOPES = ("disk",)


@dataclass(frozen=True, slots=True)
class Found:
    """A file as the drive knows it. ``address`` is signed and soon over: it is used at once, and kept nowhere.

    ``size`` is in bytes; ``version`` counts the contents that the file has had.
    """

    name: str | None
    size: int | None
    object: str | None = None
    version: int = 0
    address: str | None = None


@dataclass(slots=True)
class Search:
    """What one search brought, by id of the wanted file. ``found`` has no address for what is not to be downloaded.

    ``unclear`` are those of which somebody said more than that there is no such file, or nobody was sure to be asked.
    """

    found: dict[str, Found] = field(default_factory=dict)
    refused: dict[str, EntityStopped] = field(default_factory=dict)
    raw: list[bytes] = field(default_factory=list)
    unclear: set[str] = field(default_factory=set)

    @property
    def gone(self) -> set[str]:
        """Files that the portal has no more, as everybody who was asked says."""
        return self.refused.keys() - self.unclear

    @property
    def denied(self) -> dict[str, EntityStopped]:
        """The others that were refused."""
        return {one: error for one, error in self.refused.items() if one in self.unclear}


@dataclass(frozen=True, slots=True)
class Drive:
    """Asks for files through whichever webhook may see them, many to a call."""

    webhooks: Webhooks

    async def find(self, files: Sequence[Wanted]) -> Search:
        """Look for files that are had by number."""
        search = Search()
        await self._find(files, {one.id: one.object for one in files if one.object}, search)
        if doubtful := [one for one in files if _may_be_attached(one) and not _is_it(one, search)]:
            other = Search(raw=search.raw)
            await self._find(doubtful, {}, other)
            search.unclear |= other.unclear
            for one in filter(lambda one: _is_it(one, other), doubtful):
                search.found[one.id] = other.found[one.id]
                search.refused.pop(one.id, None)
        search.unclear |= {one.id for one in files if _may_be_anything(one)}
        return search

    async def find_again(self, files: Sequence[Wanted], found: Mapping[str, Found]) -> Search:
        """Fresh addresses of files that were ``found``."""
        search = Search()
        await self._find(files, {one.id: found[one.id].object or "" for one in files}, search)
        return search

    async def _find(self, files: Sequence[Wanted], numbers: Mapping[str, str], search: Search) -> None:
        """``numbers`` are those of the files themselves, where they are known; the others are attached objects."""
        attached = {one.id: one.attached or one.object or "" for one in files if one.id not in numbers}
        cards = await self._ask(ATTACHED, attached, files, search)
        search.found |= {one: _found(card, card.get("OBJECT_ID")) for one, card in cards.items()}
        known = {one: search.found[one].object or "" for one in cards}
        wanted = {one.id for one in files if one.any_kind or shows_picture(one, search.found.get(one.id)) is not False}
        asked = {one: number for one, number in (dict(numbers) | known).items() if one in wanted}
        cards = await self._ask(FILE, asked, files, search)
        for one, card in cards.items():
            search.found[one] = _found(card, asked[one], str(card.get("DOWNLOAD_URL") or "") or None)

    async def _ask(
        self, method: str, numbers: Mapping[str, str], files: Sequence[Wanted], search: Search
    ) -> dict[str, JsonObject]:
        """The answers by id. Who sees the owner is asked first, then the others, until one may see the file."""
        answers: dict[str, JsonObject] = {}
        if not numbers:
            return answers
        try:
            ways = await self.webhooks.with_scope(*SCOPES)
        except EntityStopped as closed:  # pictures that have an address need no drive
            search.refused |= dict.fromkeys(numbers, closed)
            search.unclear |= numbers.keys()
            return answers
        waiting = {one.id: _in_order(ways, one) for one in files if one.id in numbers}
        while waiting:
            webhook = next(iter(waiting.values()))[0]
            chosen = [one for one, left in waiting.items() if left[0] is webhook]
            asked = await attempt(
                webhook, {f"f{place}": (method, {"id": numbers[one]}) for place, one in enumerate(chosen)}
            )
            search.raw += map(_without_addresses, asked.raw)
            for place, one in enumerate(chosen):
                key, left = f"f{place}", waiting.pop(one)[1:]
                if key in asked.results:
                    answers[one] = as_map(asked.results[key])
                    search.refused.pop(one, None)
                else:
                    search.refused[one] = asked.refused[key]
                    search.unclear |= set() if _says_it_is_gone(asked.refused[key]) else {one}
                    waiting |= {one: left} if left else {}
        return answers


def shows_picture(wanted: Wanted, found: Found | None) -> bool | None:
    """Whether it is a picture, as far as its owner or its name tells."""
    return wanted.is_picture if wanted.is_picture is not None else is_picture(found.name if found else wanted.name)


def _may_be_attached(wanted: Wanted) -> bool:
    """Owners that describe their files do not say whose number they give; only the name proves it."""
    return wanted.attached is None and wanted.name is not None


def _may_be_anything(wanted: Wanted) -> bool:
    """A bare number without a name: there may be a file that has it in the other count."""
    return wanted.attached is None and wanted.name is None and not wanted.file.startswith("n")


def _says_it_is_gone(error: EntityStopped) -> bool:
    """Who may not see a file that exists is told so (API facts §1.5)."""
    return error.reason.code == "source.not_found"


def _is_it(wanted: Wanted, search: Search) -> bool:
    found = search.found.get(wanted.id)
    return found is not None and found.name == wanted.name


def _in_order(webhooks: Sequence[Webhook], wanted: Wanted) -> list[Webhook]:
    return sorted(webhooks, key=lambda webhook: webhook.user not in wanted.seen_by)


def _found(card: JsonObject, number: Json, address: str | None = None) -> Found:
    version = size_of(card.get("GLOBAL_CONTENT_VERSION")) or 0
    return Found(str(card.get("NAME") or "") or None, size_of(card.get("SIZE")), str(number), version, address)


def _without_addresses(frame: bytes) -> bytes:
    """An archived answer without the addresses, which are as good as keys."""
    one = orjson.loads(frame)
    results = batch_results(one["answer"])
    one["answer"]["result"]["result"] = {
        key: {name: value for name, value in as_map(card).items() if not name.endswith("_URL")}
        for key, card in results.items()
    }
    return orjson.dumps(one)
