"""Rows that are missing in the archive are made again of the raw answers beside them, without the source.

Whoever reads rows blobs reads them here. A rows blob is thus a mere cache of the raw one: it may go at any time.
"""

import logging

from shared.engine.archive.again import again
from shared.engine.archive.rows import dump_rows, ids_digest, load_raw, page_of
from shared.engine.job import Jobs
from shared.model.errors import EntityStopped, RetryLater
from shared.ports.stores import Stores

_LOG = logging.getLogger("portage.rebuilding")


class RowsLost(EntityStopped):
    """The records of one page cannot be had any more; who can do without that page gives it up alone."""

    def __init__(self, blob: str, why: str) -> None:
        super().__init__("page.rows_lost", f"{blob} is missing and cannot be made again: {why}")


async def rows_content(jobs: Jobs, stores: Stores, blob: str) -> bytes:
    """The content of a rows blob; a missing one is made again and put back. Raises RowsLost when it cannot be."""
    try:
        return await stores.archive.get(blob)
    except KeyError:
        content = await _rebuilt(jobs, stores, blob)
    await stores.archive.put(blob, content)
    _LOG.warning("%s was missing and has been made again of the raw answers", blob)
    return content


async def _rebuilt(jobs: Jobs, stores: Stores, blob: str) -> bytes:
    key = page_of(blob)
    page = await stores.ledger.get(key) if key else None
    run = await stores.runs.get(key.run_id) if key else None
    if page is None or run is None or page.blob != blob:
        raise RowsLost(blob, "no page of a run has these rows")
    try:
        raw = load_raw(await stores.archive.get(page.raw_blob or ""))
    except KeyError:
        raise RowsLost(blob, f"{page.raw_blob} is missing too") from None
    except ValueError as error:
        raise RowsLost(blob, f"{page.raw_blob} is damaged") from error
    try:
        records = jobs.of(run.plan).source.rows(page.key.entity, raw)
        if wanted := await again(stores.archive, page.cursor):
            records = wanted.records(records)
    except RetryLater as error:
        raise RowsLost(blob, f"{page.raw_blob} is not whole: {error.message}") from error
    if len(records) != page.counts.extracted:
        raise RowsLost(blob, f"{page.raw_blob} gives {len(records)} records instead of {page.counts.extracted}")
    if page.ids_digest is not None and ids_digest(records) != page.ids_digest:
        raise RowsLost(blob, f"{page.raw_blob} gives other records, or another order of them, than when it was read")
    return dump_rows(records)
