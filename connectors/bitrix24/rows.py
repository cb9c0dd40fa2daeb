"""From raw answers to rows: the one place that both a read and a rebuild from the archive go through."""

from collections.abc import Mapping, Sequence

import orjson

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.entities import LISTINGS, PAGE, Listing
from shared.model.errors import RetryLater
from shared.model.json import Json, JsonObject, as_list
from shared.model.records import SourceRecord

LIST_KEY = "p"
DETAIL_KEY = "d"
TAIL_KEY = "tail"
"""Key of the probe of a range's end: its last page, backwards."""


def page_key(number: int) -> str:
    """Key of the n-th page (from 0) of a chain; never a number, or the sections become lists."""
    return f"{LIST_KEY}{number:02d}"


def detail_key(source_id: str) -> str:
    """Key of the call for a record's details."""
    return f"{DETAIL_KEY}{source_id}"


def rows_of(result: Json, listing: Listing) -> list[JsonObject]:
    """The rows of one page. Raises RetryLater for what is not a list of rows with ids: it may hide some."""
    if not isinstance(result, list | dict):
        raise RetryLater("source.unexpected_answer", f"{listing.method}: a page that is no list")
    rows = as_list(result)
    for row in rows:
        if not isinstance(row, dict) or not str(row.get(listing.id, "")).isdecimal():
            raise RetryLater("source.unexpected_answer", f"{listing.method}: a row without an id")
    return rows


def chain_rows(results: Mapping[str, Json], listing: Listing, after: int, upto: int | None = None) -> list[JsonObject]:
    """The rows of a chain of keyset pages, as far as they can be trusted.

    What comes after the first page that is missing or not full is an answer to a macro that did not resolve: it is not
    looked at. Raises RetryLater when ids do not ascend from ``after`` to ``upto``.
    """
    rows: list[JsonObject] = []
    last = after
    number = 0
    while (key := page_key(number)) in results:
        page = rows_of(results[key], listing)
        for row in page:
            if int(row[listing.id]) <= last:
                raise RetryLater("source.unexpected_answer", f"{listing.method}: ids do not ascend")
            last = int(row[listing.id])
        rows.extend(page)
        if len(page) < PAGE:
            break
        number += 1
    if upto is not None and last > max(after, upto):
        raise RetryLater("source.unexpected_answer", f"{listing.method}: ids beyond those asked for")
    return rows


def nothing_beyond(results: Mapping[str, Json], listing: Listing, last: int) -> bool:
    """Whether the probe of a range's end is there and shows no id after ``last``. In a wrong order it shows nothing."""
    if TAIL_KEY not in results:
        return False
    ids = [int(row[listing.id]) for row in rows_of(results[TAIL_KEY], listing)]
    return ids == sorted(ids, reverse=True) and max(ids, default=last) <= last


def rows_from_raw(entity: str, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
    """The normalised rows of a page from its archived answers (list answers first, then those with details)."""
    listing = LISTINGS[entity]
    rows: dict[str, JsonObject] = {}
    details: dict[str, Json] = {}
    for body in raw:
        result = orjson.loads(body)["result"]
        if listing.filter is None:
            rows |= {str(row[listing.id]): row for row in rows_of(result, listing)}
            continue
        results = batch_results(body)
        details |= {key.removeprefix(DETAIL_KEY): one for key, one in results.items() if key.startswith(DETAIL_KEY)}
        rows |= {str(row[listing.id]): row for row in chain_rows(results, listing, -1)}
    if listing.details:
        name = listing.details.name
        rows = {source_id: {**row, name: as_list(details.get(source_id))} for source_id, row in rows.items()}
    return tuple(SourceRecord(source_id, row) for source_id, row in rows.items())
