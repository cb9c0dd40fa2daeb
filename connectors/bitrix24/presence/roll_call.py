"""Which records of an entity are still there: by a list of ids where there is one, and one by one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.families.crm import COMPANY, CONTACT, DEAL, SCOPES, SMART_ITEM, items
from connectors.bitrix24.families.people import DEPARTMENTS, GROUPS
from connectors.bitrix24.families.task_comments import TaskCommentReader
from connectors.bitrix24.families.tasks import THERE, listing_of
from connectors.bitrix24.families.workflows import TEMPLATES
from connectors.bitrix24.listing import Listing
from connectors.bitrix24.presence.asked import Asked, Question
from connectors.bitrix24.presence.chats import chats_gone
from connectors.bitrix24.presence.comments import TaskComments
from connectors.bitrix24.presence.feed_comments import FeedComments
from connectors.bitrix24.presence.listed import Listed
from connectors.bitrix24.presence.posts import Posts
from connectors.bitrix24.transport import Command
from connectors.bitrix24.webhooks import Webhooks
from shared.ports.systems import Extracted

_CRM = {"deal": DEAL, "contact": CONTACT, "company": COMPANY}
_TASKS = listing_of(())
_POST, _COMMENT, _REMARK, _CHAT = "feed_post", "task_comment", "feed_comment", "chat"


def _item(type_id: int) -> Callable[[str], Command]:
    return lambda source_id: ("crm.item.get", {"entityTypeId": type_id, "id": source_id})


def _smart_item(source_id: str) -> Command:
    part, _, number = source_id.partition(":")
    return _item(int(part))(number)


def _by_filter(listing: Listing) -> Callable[[str], Command]:
    return lambda source_id: (listing.method, {**listing.fixed, str(listing.filter): {listing.filter_id: source_id}})


QUESTIONS: Mapping[str, Question] = {
    **{name: Question(SCOPES, _item(type_id), refuses=True) for name, type_id in _CRM.items()},
    SMART_ITEM: Question(SCOPES, _smart_item, refuses=True),
    "task": THERE,
    "department": Question(DEPARTMENTS.scopes, lambda one: (DEPARTMENTS.method, {"ID": one}), to_all=True),
    "group": Question(GROUPS.scopes, _by_filter(GROUPS)),
    # For administrators only
    "workflow_template": Question(TEMPLATES.scopes, _by_filter(TEMPLATES), to_all=True),
}
"""Users are not among them: who leaves is dismissed, and stays in the list."""

_LISTS: Mapping[str, Listing] = {**{name: items(type_id) for name, type_id in _CRM.items()}, "task": _TASKS}


@dataclass(slots=True)
class RollCall:
    """Asks for records that were read once."""

    webhooks: Webhooks
    _posts: Posts = field(init=False)
    _comments: TaskComments = field(init=False)
    _remarks: FeedComments = field(init=False)
    _asked: dict[str, Asked] = field(default_factory=dict)
    _listed: dict[str, Listed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._posts = Posts(self.webhooks)
        self._comments = TaskComments(TaskCommentReader(self.webhooks))
        self._remarks = FeedComments(self.webhooks)

    async def shown(self, entity: str, source_ids: Sequence[str]) -> frozenset[str] | None:
        """See ``Source.shown``."""
        if entity == _POST:
            return frozenset(await self._posts.shown(source_ids))
        if entity == SMART_ITEM:
            return await self._smart_items(source_ids)
        if entity not in _LISTS:
            return None
        return frozenset(map(str, await self._list(entity, _LISTS[entity]).shown(list(map(int, source_ids)))))

    async def gone(self, entity: str, source_ids: Sequence[str], extracted: Extracted) -> frozenset[str]:
        """See ``Source.gone``."""
        if entity == _POST:
            return await self._posts.gone(source_ids, extracted)
        if entity == _COMMENT:
            return await self._comments.gone(source_ids, extracted)
        if entity == _REMARK:
            return await self._remarks.gone(source_ids, extracted)
        if entity == _CHAT:
            return await chats_gone(source_ids, extracted, self._gone)
        return await self._gone(entity, source_ids)

    async def _gone(self, entity: str, source_ids: Sequence[str]) -> frozenset[str]:
        """Of those that can be asked for by their ids."""
        if entity not in QUESTIONS:
            return frozenset()
        asked = self._asked.setdefault(entity, Asked(QUESTIONS[entity], self.webhooks))
        return await asked.gone(source_ids)

    async def _smart_items(self, source_ids: Sequence[str]) -> frozenset[str]:
        """Type by type."""
        types: dict[int, list[int]] = {}
        for part, _, number in (one.partition(":") for one in source_ids):
            types.setdefault(int(part), []).append(int(number))
        found = [
            (part, await self._list(f"{SMART_ITEM} {part}", items(part)).shown(numbers))
            for part, numbers in types.items()
        ]
        return frozenset(f"{part}:{number}" for part, numbers in found for number in numbers)

    def _list(self, name: str, listing: Listing) -> Listed:
        return self._listed.setdefault(name, Listed(listing, self.webhooks))
