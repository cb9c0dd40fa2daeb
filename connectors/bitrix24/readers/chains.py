"""Chains of keyset pages in one ``batch``: what was asked, and how much of the answer can be trusted."""

from collections.abc import Mapping

from connectors.bitrix24.listing import PAGE, Listing
from shared.model.errors import RetryLater
from shared.model.json import Json, JsonObject

TAIL_KEY = "tail"
"""Key of the probe of a range's end: its last page, backwards."""


def page_key(number: int) -> str:
    """Key of the n-th page (from 0) of a chain; never a number, or the sections become lists."""
    return f"p{number:02d}"


def last_id_of(number: int, listing: Listing) -> str:
    """The macro for the last id of the n-th page, which resolves only if that page is full."""
    wrapper = f"[{listing.wrapper}]" if listing.wrapper else ""
    return f"$result[{page_key(number)}]{wrapper}[{PAGE - 1}][{listing.id}]"


def chain_rows(results: Mapping[str, Json], listing: Listing, after: int, upto: int | None = None) -> list[JsonObject]:
    """The rows of a chain, as far as they can be trusted.

    What comes after the first page that is missing or not full is an answer to a macro that did not resolve: it is not
    looked at. A page that begins again before the end of the last one is such an answer too. Raises RetryLater when ids
    do not ascend from ``after`` to ``upto``.
    """
    rows: list[JsonObject] = []
    last = after
    number = 0
    while (key := page_key(number)) in results:
        page = listing.rows(results[key])
        if number and page and int(page[0][listing.id]) <= last:
            break
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
    ids = [int(row[listing.id]) for row in listing.rows(results[TAIL_KEY])]
    return ids == sorted(ids, reverse=True) and max(ids, default=last) <= last
