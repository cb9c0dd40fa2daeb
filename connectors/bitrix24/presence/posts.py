"""Whether posts of the feed are deleted (API facts §4.3).

A post is shown to whom it went, so each webhook that saw it is asked for it by its id. It counts as gone when all of
them answer and none is shown it any more. Where one of them is missing today, nobody knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.families.feed_audience import POSTS, SCOPES
from connectors.bitrix24.readers.attempts import attempt
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.transport import MOST_COMMANDS
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped
from shared.model.json import as_list
from shared.ports.systems import Extracted


@dataclass(slots=True)
class Posts:
    """By id, 50 to a call and webhook."""

    webhooks: Webhooks
    _pacing: Pacing = field(default_factory=lambda: Pacing(MOST_COMMANDS))

    async def shown(self, source_ids: Sequence[str]) -> set[str]:
        """Those that some webhook is shown; a webhook is asked for what those before it were not."""
        found: set[str] = set()
        for webhook in await self.webhooks.with_scope(*SCOPES):
            left = [one for one in source_ids if one not in found]
            told = await self._told(webhook, left) if left else None
            found |= {one for one, there in (told or {}).items() if there}
        return found

    async def gone(self, source_ids: Sequence[str], extracted: Extracted) -> frozenset[str]:
        """Those that nobody is shown any more who saw them, by the records of earlier runs."""
        seen_by: dict[str, frozenset[str]] = {}
        wanted = frozenset(source_ids)
        for page in await extracted.earlier("feed_post"):
            for record in await extracted.rows(page):
                if record.id in wanted:
                    seen_by[record.id] = frozenset(map(str, as_list(record.data.get("seen_by"))))
        answers = await self._answers([one for one in source_ids if seen_by.get(one)])
        return frozenset(
            one
            for one, users in seen_by.items()
            if users
            and all(answers.get(user, {}).get(one) is False for user in users)
            and not any(told.get(one) for told in answers.values())
        )

    async def _answers(self, source_ids: Sequence[str]) -> Mapping[str, Mapping[str, bool]]:
        """By user: whether his webhook is shown a post; what it was refused is not among them."""
        told: dict[str, Mapping[str, bool]] = {}
        for webhook in await self.webhooks.with_scope(*SCOPES) if source_ids else ():
            answers = await self._told(webhook, source_ids)
            if answers is not None:
                told[webhook.user] = answers
        return told

    async def _told(self, webhook: Webhook, source_ids: Sequence[str]) -> Mapping[str, bool] | None:
        """Whether it is shown each of these posts; None when it may ask for none."""
        keys = {f"p{one}": one for one in source_ids}
        commands = {key: (POSTS.method, {"POST_ID": one}) for key, one in keys.items()}
        try:
            asked = await attempt(webhook, commands, self._pacing)
        except EntityStopped:
            return None
        return {keys[key]: bool(as_list(answer)) for key, answer in asked.results.items()}
