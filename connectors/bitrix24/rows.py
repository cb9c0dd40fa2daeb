"""From raw answers to rows: the one place that both a read and a rebuild from the archive go through."""

from collections.abc import Sequence

import orjson

from connectors.bitrix24.entities import LISTINGS, PAGE, Listing
from connectors.bitrix24.transport import BatchAnswer, read_batch
from shared.model.errors import RetryLater
from shared.model.json import Json, JsonObject, as_list
from shared.model.records import SourceRecord

LIST_KEY = "p"
DETAIL_KEY = "d"


def page_key(number: int) -> str:
    """Key of the n-th page (from 0) of a chain; never a number, or the sections become lists."""
    return f"{LIST_KEY}{number:02d}"


def detail_key(source_id: str) -> str:
    """Key of the call for a record's details."""
    return f"{DETAIL_KEY}{source_id}"


def rows_of(result: Json, listing: Listing) -> list[JsonObject]:
    """The rows of one page, each with an id."""
    return [row for row in as_list(result) if isinstance(row, dict) and str(row.get(listing.id, "")).isdigit()]


def chain_rows(answer: BatchAnswer, listing: Listing, after: int) -> tuple[list[JsonObject], bool]:
    """The rows of a chain of keyset pages, and whether the range may go on.

    What comes after the first page that is not full is an answer to a macro that did not resolve: it is not looked at.
    Raises RetryLater when ids do not ascend.
    """
    rows: list[JsonObject] = []
    last = after
    number = 0
    while (key := page_key(number)) in answer.results:
        page = rows_of(answer.results[key], listing)
        for row in page:
            if int(row[listing.id]) <= last:
                raise RetryLater("source.unexpected_answer", f"{listing.method}: ids do not ascend")
            last = int(row[listing.id])
        rows.extend(page)
        if len(as_list(answer.results[key])) < PAGE:
            return rows, False
        number += 1
    return rows, True


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
        answer = read_batch(body)
        details |= {k.removeprefix(DETAIL_KEY): v for k, v in answer.results.items() if k.startswith(DETAIL_KEY)}
        rows |= {str(row[listing.id]): row for row in chain_rows(answer, listing, -1)[0]}
    if listing.details:
        name = listing.details.name
        rows = {source_id: {**row, name: as_list(details.get(source_id))} for source_id, row in rows.items()}
    return tuple(SourceRecord(source_id, row) for source_id, row in rows.items())
