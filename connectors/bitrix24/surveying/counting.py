"""Counting lists: the first page of each with its total, and its last id, a few lists to a call."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.bitrix24.batch import BatchAnswer
from connectors.bitrix24.listing import PAGE, Listing
from connectors.bitrix24.surveying.effort import Extent
from connectors.bitrix24.surveying.patience import asked_twice, passes
from connectors.bitrix24.transport import Command
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import PortageError
from shared.model.json import Json, JsonObject

_LISTS_AT_ONCE = 4
"""Counting a large list may take the portal seconds, and it gives a call 60."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One list: its ``extent``, or the ``problem`` of asking for it. ``sample`` is its first page.

    ``limited`` says that the portal keeps account of the time its method takes.
    """

    extent: Extent | None = None
    problem: str | None = None
    sample: Sequence[JsonObject] = ()
    limited: bool = False


async def count_lists(webhooks: Webhooks, lists: Mapping[str, Listing]) -> dict[str, Counted]:
    """What each list says, by name. Nothing is raised: what goes wrong is the list's problem."""
    names = list(lists)
    groups = [names[start : start + _LISTS_AT_ONCE] for start in range(0, len(names), _LISTS_AT_ONCE)]
    told = await asyncio.gather(*(_count(webhooks, {name: lists[name] for name in group}) for group in groups))
    return {name: counted for group in told for name, counted in group.items()}


async def _count(webhooks: Webhooks, lists: Mapping[str, Listing]) -> dict[str, Counted]:
    """One call for each webhook that reads some of the lists."""
    found: dict[str, Counted] = {}
    mine: list[tuple[Webhook, str]] = []
    for name, listing in lists.items():
        try:
            mine.append((await webhooks.first(*listing.scopes), name))
        except PortageError as error:
            found[name] = Counted(problem=not_asked(error))
    for webhook in await webhooks.known():
        names = [name for one, name in mine if one is webhook]
        if names:
            found |= await _ask(webhook, {name: lists[name] for name in names})
    return found


async def _ask(webhook: Webhook, lists: Mapping[str, Listing], *, again: bool = True) -> dict[str, Counted]:
    """Lists that stumble are asked for ``again``, once and without the others."""
    asked: dict[str, Command] = {}
    for name, listing in lists.items():
        asked |= _commands(name, listing)
    try:
        answer = await asked_twice(lambda: webhook.transport.batch(asked))
    except PortageError as error:
        return dict.fromkeys(lists, Counted(problem=not_asked(error)))
    found = {name: _read(name, listing, answer, answer.seconds / len(asked)) for name, listing in lists.items()}
    stumbled = {name for name in lists if any(passes(answer.errors.get(key)) for key in (_first(name), _last(name)))}
    if stumbled and again:
        found |= await _ask(webhook, {name: lists[name] for name in stumbled}, again=False)
    return found


def not_asked(error: PortageError) -> str:
    """Why there is no number."""
    return f"could not be asked: {error.message}"


def number_of(value: Json) -> int | None:
    """A count of the portal, which may be text; None for what is none."""
    return int(value) if not isinstance(value, bool) and str(value).isdecimal() else None


def _first(name: str) -> str:
    return f"first_{name}"


def _last(name: str) -> str:
    return f"last_{name}"


def _commands(name: str, listing: Listing) -> dict[str, Command]:
    """The last id is asked for where records are read by id."""
    where = {listing.filter: dict(listing.where)} if listing.filter and listing.where else {}
    asked: JsonObject = {**listing.fixed, **where}
    commands: dict[str, Command] = {_first(name): (listing.method, {**asked, **listing.ascending})}
    if listing.filter is not None:
        uncounted = {"start": -1} if listing.count_off else {}
        commands[_last(name)] = (listing.method, {**asked, **listing.descending, **uncounted})
    return commands


def _read(name: str, listing: Listing, answer: BatchAnswer, page_seconds: float) -> Counted:
    for key in (_first(name), _last(name)):
        if key in answer.errors:
            return Counted(problem=not_asked(answer.errors[key]))
    try:
        rows = listing.rows(answer.results[_first(name)])
        last = listing.rows(answer.results.get(_last(name), []))
    except PortageError as error:
        return Counted(problem=not_asked(error))
    count = number_of(answer.totals.get(_first(name)))
    if not count and (len(rows) < PAGE or _first(name) not in answer.nexts):
        count = len(rows)
    if not count and rows:
        return Counted(problem="the portal does not tell how many", sample=rows)
    ids = [int(row[listing.id]) for row in (*rows, *last)]
    extent = Extent(count or 0, min(ids, default=0), max(ids, default=0), page_seconds)
    return Counted(extent, sample=rows, limited=listing.method.lower() in answer.operating)
