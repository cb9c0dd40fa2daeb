"""Lists by id of which there are several: one for each record of another entity, as for types of smart processes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.batch import BatchAnswer
from connectors.bitrix24.listing import Listing
from connectors.bitrix24.raw import note, noted
from connectors.bitrix24.readers.following import all_rows
from connectors.bitrix24.readers.keyset import KeysetReader
from connectors.bitrix24.readers.ranges import id_ranges
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import EntityStopped
from shared.model.json import JsonObject
from shared.model.records import Cut, Lost, SourcePage, SourceRecord
from shared.ports.systems import Extracted

_CUT_AT_ONCE = MOST_COMMANDS // 2


@dataclass(frozen=True, slots=True)
class Parts:
    """How the records of ``parents`` part an entity.

    ``key`` is the field of a parent that tells its part, and of a row that tells which part it is of; its values are
    whole numbers.
    """

    parents: str
    key: str
    listing: Callable[[int], Listing]


@dataclass(slots=True)
class PartsReader:
    """Each part is read as an entity of its own, all of them are cut together. See ``Reader``.

    A cursor is the part's own, and ``part``. A row's source id begins with its part.
    """

    parts: Parts
    webhooks: Webhooks
    _readers: dict[int, KeysetReader] = field(default_factory=dict)

    async def cut(self, ranges: int, extracted: Extracted) -> Cut:
        """Lowest and highest ids of 25 parts in one call; ranges in each part."""
        numbers = sorted({int(parent.data[self.parts.key]) for parent in await all_rows(extracted, self.parts.parents)})
        cursors: list[JsonObject] = []
        expected: int | None = 0
        for begin in range(0, len(numbers), _CUT_AT_ONCE):
            chosen = {number: self.parts.listing(number) for number in numbers[begin : begin + _CUT_AT_ONCE]}
            answer = await self._ends(chosen, extracted)
            for number, listing in chosen.items():
                since = listing.since(extracted)
                cursors += _cursors(number, listing, answer, ranges, {} if since is None else {"since": since})
                expected = _sum(expected, _count(number, listing, answer))
        return Cut(tuple(cursors), expected)

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """A page of the part. One that is gone since it was cut has none, and the archive says why."""
        part = int(cursor["part"])
        try:
            page = await self._reader(part).read(cursor, extracted)
        except EntityStopped as error:
            if error.reason.code == "source.method_missing":
                raise
            lost = Lost(f"{part}:all", error.reason.code, f"{self.parts.key} {part}: {error.message}")
            return SourcePage((), (note({"part": part, "gone": error.message}),), None, 1, (lost,))
        raw = (note({"part": part}), *page.raw)
        following = None if page.next is None else {**page.next, "part": part}
        return SourcePage(self.rows(raw), raw, following, page.calls, coverage=page.coverage)

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """Rows that do not tell their part are given it."""
        part = int(noted(raw)["part"])
        return tuple(
            SourceRecord(f"{part}:{record.id}", {self.parts.key: part, **record.data})
            for record in self._reader(part).rows(raw)
        )

    def _reader(self, part: int) -> KeysetReader:
        if part not in self._readers:
            self._readers[part] = KeysetReader(self.parts.listing(part), self.webhooks)
        return self._readers[part]

    async def _ends(self, chosen: Mapping[int, Listing], extracted: Extracted) -> BatchAnswer:
        commands: dict[str, Command] = {}
        for number, listing in chosen.items():
            fixed = listing.fixed | listing.conditions({}, listing.since(extracted))
            commands[_lowest(number)] = (listing.method, {**fixed, **listing.ascending})
            commands[_highest(number)] = (listing.method, {**fixed, **listing.descending, "start": -1})
        scopes = next(iter(chosen.values())).scopes
        return await (await self.webhooks.first(*scopes)).transport.batch(commands)


def _cursors(number: int, listing: Listing, answer: BatchAnswer, ranges: int, more: JsonObject) -> list[JsonObject]:
    """Those of one part, each with ``more``.

    Of one that is refused there is a single one, so that the refusal is on record as its page.
    """
    ids: list[int] = []
    for key in (_lowest(number), _highest(number)):
        if (error := answer.errors.get(key)) is not None:
            if not isinstance(error, EntityStopped) or error.reason.code == "source.method_missing":
                raise error
            return [{"part": number, "after": 0, "upto": None, **more}]
        ids += [int(row[listing.id]) for row in listing.rows(answer.results[key])]
    if not ids:
        return []
    return [
        {"part": number, "after": after, "upto": upto, **more} for after, upto in id_ranges(min(ids), max(ids), ranges)
    ]


def _count(number: int, listing: Listing, answer: BatchAnswer) -> int | None:
    """How many rows a part has; None when that is not told, and 0 of one that is refused."""
    key = _lowest(number)
    return answer.totals.get(key) or (None if listing.rows(answer.results.get(key, [])) else 0)


def _sum(known: int | None, more: int | None) -> int | None:
    """None as soon as one of them is not told."""
    return None if known is None or more is None else known + more


def _lowest(number: int) -> str:
    return f"lowest_{number}"


def _highest(number: int) -> str:
    return f"highest_{number}"
