"""Whether comments of the feed are deleted (API facts §4.3).

None of them can be asked for by its id, and no post tells its comments. So their authors are read once more, from one
end to the other: what does not come is gone. Only an author's own webhook and an administrator's are shown all.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.families.feed_audience import SCOPES
from connectors.bitrix24.readers.attempts import attempt
from connectors.bitrix24.readers.author_turns import by_reader
from connectors.bitrix24.readers.authored import Place, author_key, author_of, command, comments_of, place_after
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.transport import MOST_COMMANDS
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.ports.systems import Extracted


@dataclass(slots=True)
class FeedComments:
    """Reads authors again, many to a call."""

    webhooks: Webhooks
    _pacing: Pacing = field(default_factory=lambda: Pacing(MOST_COMMANDS))

    async def gone(self, source_ids: Sequence[str], extracted: Extracted) -> frozenset[str]:
        """Those that their authors do not have any more. Of an author who is refused to us, nobody knows."""
        authors = await self._authors(frozenset(source_ids), extracted)
        there: dict[str, set[str]] = {}
        readers = await self.webhooks.with_scope(*SCOPES) if authors else ()
        for webhook, mine in by_reader(readers, sorted(set(authors.values()))):
            shown = [author for author in mine if webhook.admin is True or author == webhook.user]
            there |= await self._comments(webhook, shown)
        return frozenset(one for one, author in authors.items() if author in there and one not in there[author])

    async def _authors(self, wanted: Collection[str], extracted: Extracted) -> Mapping[str, str]:
        """By comment: who wrote it, by the records of earlier runs."""
        found: dict[str, str] = {}
        for page in await extracted.earlier("feed_comment"):
            rows = (record for record in await extracted.rows(page) if record.id in wanted)
            found |= {record.id: str(record.data["author_id"]) for record in rows}
        return found

    async def _comments(self, webhook: Webhook, authors: Sequence[str]) -> dict[str, set[str]]:
        """By author: the ids of all comments. Who is refused, be it half-way, is not among them."""
        found: dict[str, set[str]] = {author: set() for author in authors}
        places = {author: Place() for author in authors}
        while places:
            commands = {author_key(author): command(author, place) for author, place in places.items()}
            asked = await attempt(webhook, commands, self._pacing)
            for key in asked.refused:
                del found[author_of(key)], places[author_of(key)]
            for key, answer in asked.results.items():
                author, page = author_of(key), comments_of(answer)
                found[author].update(str(one["comment_id"]) for one in page)
                following = place_after(places.pop(author), page)
                if following is not None:
                    places[author] = following
        return found
