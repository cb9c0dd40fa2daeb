"""The arithmetic of reading: how many calls a list takes, page by page as its reader would go about it.

It knows what the readers do, and asks nothing; a contract test holds the two together.
"""

import math
from dataclasses import dataclass

from connectors.bitrix24.listing import PAGE, Listing
from connectors.bitrix24.readers.ranges import id_ranges
from connectors.bitrix24.transport import MOST_COMMANDS

_FIRST_PAGES = 10
_AIM_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Effort:
    """``calls`` are HTTP calls, ``reads`` pages of records, ``pages`` commands that answer a page of the list."""

    calls: int = 0
    reads: int = 0
    pages: int = 0

    def __add__(self, other: "Effort") -> "Effort":
        return Effort(self.calls + other.calls, self.reads + other.reads, self.pages + other.pages)


@dataclass(frozen=True, slots=True)
class Extent:
    """A list as a first look shows it. ``page_seconds`` is how long the portal takes for one page."""

    count: int
    first: int = 0
    last: int = 0
    page_seconds: float = 0.0


def by_offset(count: int, size: int = PAGE) -> Effort:
    """A page to a call; some lists come in one page of any ``size``."""
    calls = batches(count, size, least=1)
    return Effort(calls, calls, calls)


def by_id(extent: Extent, listing: Listing, ranges: int) -> Effort:
    """Chains of pages in each range of ids, with the details of their records; one call more to cut the ranges."""
    effort = Effort(calls=1, pages=2)
    if extent.count == 0 or extent.last < extent.first:
        return effort
    density = extent.count / (extent.last - extent.first + 1)
    for after, upto in id_ranges(extent.first, extent.last, ranges):
        rows = density * ((upto or extent.last) - after)
        effort += _range(rows, density, None if upto is None else upto - after, extent.page_seconds, listing)
    return effort


def _range(rows: float, density: float, width: int | None, page_seconds: float, listing: Listing) -> Effort:
    """One range of ``width`` ids (None: open upwards) with ``rows`` records."""
    effort = Effort()
    wanted = _FIRST_PAGES
    fitting = MOST_COMMANDS if page_seconds <= 0 else max(1, int(_AIM_SECONDS / page_seconds))
    left = rows
    while True:
        ids = None if width is None else max(0, width - int((rows - left) / density))
        chain = min(wanted, listing.most_pages, MOST_COMMANDS if ids is None else max(1, math.ceil(ids / PAGE)))
        probes = listing.most_pages > 1 and (ids is None or chain * PAGE >= ids)
        pages = min(chain, MOST_COMMANDS - probes)
        found = min(left, pages * PAGE)
        details = batches(round(found) * len(listing.details), MOST_COMMANDS)
        effort += Effort(1 + details, 1, pages + probes)
        left -= found
        if left < 1 and (probes or density == 1 or found < 1):
            return effort
        wanted = max(1, min(chain * 2, fitting, MOST_COMMANDS))


def by_batches(commands: int, least: int = 0, reads: int | None = None) -> Effort:
    """Commands of which 50 go into a call."""
    calls = batches(commands, MOST_COMMANDS, least)
    return Effort(calls, calls if reads is None else reads, commands)


def batches(things: float, size: int, least: int = 0) -> int:
    """How many batches of ``size`` they fill."""
    return max(least, math.ceil(things / size))
