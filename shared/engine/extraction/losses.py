"""Letters of records that the source knows of and could not give: written, as announced, before their page is done."""

from dataclasses import dataclass

from shared.engine.archive.extracted import RowCache
from shared.engine.causes import fingerprint
from shared.engine.pages.announcing import announced
from shared.model.ledger import PageRow, PageState
from shared.model.records import DeadLetter, Lost, SourcePage
from shared.ports.stores import Stores


@dataclass(frozen=True, slots=True)
class Losses:
    """Keeps the letters of pages true, whichever attempt at a page comes to count."""

    stores: Stores
    rows: RowCache

    async def note(self, page: PageRow, got: SourcePage, raw_blob: str) -> PageRow:
        """Write letters for what ``got`` lacks and take back those of what it has; answers the row as it is now.

        Raises Conflict when another worker completed the page.
        """
        if page.attempts or page.earlier:
            await self._take_back(page, [record.id for record in got.records])
        if not got.lost:
            return page
        page = await announced(self.stores.ledger, page)
        await self.stores.dead_letters.add([_letter(page, lost, raw_blob) for lost in got.lost])
        return page

    async def withdraw(self, page: PageRow, got: SourcePage) -> None:
        """Take back the letters of an attempt that came second, of the records that the first one got."""
        if not got.lost:
            return
        counting = await self.stores.ledger.get(page.key)
        if counting is not None and counting.state is PageState.DONE and counting.blob:
            there = {record.id for record in await self.rows.rows(counting.blob)}
            await self._take_back(page, [lost.id for lost in got.lost if lost.id in there])

    async def _take_back(self, page: PageRow, source_ids: list[str]) -> None:
        await self.stores.dead_letters.remove(page.key.run_id, page.key.entity, source_ids)


def _letter(page: PageRow, lost: Lost, raw_blob: str) -> DeadLetter:
    """The letter of a record that could not be read; a repeated attempt at its page replaces it."""
    key, cause = page.key, fingerprint(page.key.entity, lost.reason, None, lost.message)
    attempts = page.earlier + page.attempts
    return DeadLetter(
        key.run_id, key.entity, lost.id, lost.reason, lost.message, attempts, raw_blob, cause, page=key.place
    )
