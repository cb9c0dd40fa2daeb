"""Which of many known ids a list shows: asked by ranges that hold a page of them each, 2,500 ids to a call."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from connectors.bitrix24.listing import PAGE, Listing
from connectors.bitrix24.readers.attempts import attempt
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import RetryLater
from shared.model.json import JsonObject


@dataclass(slots=True)
class Listed:
    """``listing`` filters by id, and has parameters that select the id alone."""

    listing: Listing
    webhooks: Webhooks
    _pacing: Pacing = field(default_factory=lambda: Pacing(MOST_COMMANDS))

    async def shown(self, ids: Sequence[int]) -> set[int]:
        """Those of ``ids`` that the list shows. Ranges that are refused show nothing.

        A range in which others lie as well may need another turn: a full page proves nothing behind its last row.
        """
        webhook = await self.webhooks.first(*self.listing.scopes)
        listing = replace(self.listing, fixed={**self.listing.fixed, **(self.listing.id_alone or {})}, details=())
        wanted, found = sorted(set(ids)), set[int]()
        waiting = [wanted[start : start + PAGE] for start in range(0, len(wanted), PAGE)]
        while waiting:
            asked = {f"r{number:04d}": some for number, some in enumerate(waiting)}
            answers = await attempt(webhook, {key: _range(listing, some) for key, some in asked.items()}, self._pacing)
            waiting = []
            for key, some in asked.items():
                if key in answers.refused:
                    continue
                rows = [int(row[listing.id]) for row in listing.rows(answers.results[key])]
                found.update(rows)
                if len(rows) >= PAGE and (rest := [one for one in some if one > rows[-1]]):
                    if rows[-1] < some[0] or rows != sorted(rows):
                        raise RetryLater("source.unexpected_answer", f"{listing.method}: ids do not ascend")
                    waiting.append(rest)
        return found.intersection(wanted)


def _range(listing: Listing, ids: Sequence[int]) -> Command:
    bounds: JsonObject = {f">{listing.filter_id}": ids[0] - 1, f"<={listing.filter_id}": ids[-1]}
    parameters = {**listing.fixed, **listing.ascending, **listing.conditions(bounds, None)}
    return listing.method, parameters | ({"start": -1} if listing.count_off else {})
