"""What reads one entity."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from connectors.bitrix24.webhooks import Webhooks
from shared.media.fetching import MediaFetcher
from shared.model.json import JsonObject
from shared.model.records import Cut, SourcePage, SourceRecord
from shared.ports.systems import Extracted


class Reader(Protocol):
    """Reads one entity page by page; see ``Source`` for the meaning of a cut and a page."""

    async def cut(self, ranges: int, extracted: Extracted) -> Cut:
        """The ranges, each with the cursor that it starts with."""

    async def read(self, cursor: JsonObject, extracted: Extracted) -> SourcePage:
        """One page. Its rows are those that ``rows`` makes of its raw answers."""

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """The rows of a page from its archived answers, without the portal. Raises RetryLater for half an answer."""


@dataclass(frozen=True, slots=True)
class Need:
    """A method that reading an entity takes, and the scopes of which any one opens it.

    ``trial`` are parameters for a call that can be made at any portal and says whether the method answers; None when
    it needs a record to ask about.
    """

    method: str
    scopes: tuple[str, ...]
    trial: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Portal:
    """What readers read with: the portal's name (host and port), its webhooks, and what brings its files."""

    name: str
    webhooks: Webhooks
    media: MediaFetcher


Readers = Mapping[str, Callable[[Portal], Reader]]
"""By name of the entity: what makes its reader."""
