"""From what a portal told to the size of each entity."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from connectors.bitrix24.families.dialogs import BOUND
from connectors.bitrix24.listing import PAGE, Listing
from connectors.bitrix24.operating import LIMIT, WINDOW
from connectors.bitrix24.surveying.counting import Counted, number_of
from connectors.bitrix24.surveying.effort import Effort, batches, by_id, by_offset
from connectors.bitrix24.surveying.feed import FILES, FeedLook, feed_sizes, files_size
from connectors.bitrix24.surveying.messenger import ChatLook, chat_sizes
from shared.ports.surveys import EntitySize

_ONLY_BY_READING = "known only by reading"
_TYPES_AT_ONCE = 3
_PARTS_AT_ONCE = 25
_TASKS_AT_ONCE = 50
_CALLS_FOR_COMMENTS = 3
_KINDS_OF_FIELDS, _KINDS_AT_ONCE = 5, 20
_COPIES = 2
"""Raw answers and rows."""

_FOLLOWED = {"task_comment": "task", "smart_process_item": "smart_process_type"}
"""Whose list is asked for in place of one of their own."""

_CIRCLES = ("department", "group", "user")


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that was asked. ``lists`` and ``counted`` are by entity, ``parts`` by entity and part."""

    entities: Sequence[str]
    ranges: int
    lists: Mapping[str, Listing]
    counted: Mapping[str, Counted]
    parts: Mapping[str, Mapping[str, tuple[Listing, Counted]]]
    feed: FeedLook | None
    chats: ChatLook | None

    def sizes(self) -> tuple[EntitySize, ...]:
        """In the order of the entities."""
        special: dict[str, EntitySize] = {}
        if self.feed is not None:
            special |= feed_sizes(self.feed, self._counts(_CIRCLES), self._count("user"), self.ranges)
            special[FILES] = files_size(self.feed)
        if self.chats is not None:
            special |= chat_sizes(self.chats, self._counts(tuple(BOUND)))
        return tuple(special[name] if name in special else self._size(name) for name in self.entities)

    def least_seconds(self) -> float:
        """How long the busiest method takes, when it may take 480 s in ten minutes."""
        busy: dict[str, float] = {}
        for listing, one in self._all_lists():
            if one.extent is not None and one.limited:
                busy[listing.method] = busy.get(listing.method, 0.0) + one.extent.page_seconds * (
                    self._effort(listing, one).pages
                )
        return max(busy.values(), default=0.0) * WINDOW / LIMIT

    def stored_bytes(self) -> int:
        """What the lists take in storage, by a sample of each; details and files are not in it."""
        whole: float = 0
        for _, one in self._all_lists():
            if one.extent is not None and one.sample:
                packed = len(zlib.compress(orjson.dumps(one.sample)))
                whole += _COPIES * packed * one.extent.count / len(one.sample)
        return round(whole)

    def _all_lists(self) -> list[tuple[Listing, Counted]]:
        whole = [(listing, self.counted[name]) for name, listing in self.lists.items()]
        return whole + [one for parts in self.parts.values() for one in parts.values()]

    def _size(self, name: str) -> EntitySize:
        if (problem := self._problem(_FOLLOWED.get(name, ""))) is not None:
            return EntitySize(name, note=problem)
        if name in self.lists:
            return self._listed(name)
        if name in self.parts:
            return self._parted(name)
        match name:
            case "task_comment":
                return self._task_comments(name)
            case "crm_category":
                calls = batches(1 + self._count("smart_process_type"), _TYPES_AT_ONCE)
            case "custom_field":
                calls = batches(_KINDS_OF_FIELDS + self._count("smart_process_type"), _KINDS_AT_ONCE)
            case _:
                return EntitySize(name, note=_ONLY_BY_READING)
        return EntitySize(name, note=_ONLY_BY_READING, calls=calls, reads=calls)

    def _listed(self, name: str) -> EntitySize:
        one = self.counted[name]
        if one.extent is None:
            return EntitySize(name, note=one.problem)
        effort = self._effort(self.lists[name], one)
        return EntitySize(name, one.extent.count, None, False, effort.calls, effort.reads)

    def _problem(self, parents: str) -> str | None:
        """Why the records that another entity follows could not be counted; None when they were."""
        one = self.counted.get(parents)
        return None if one is None or one.extent is not None else f"{parents}: {one.problem}"

    def _parted(self, name: str) -> EntitySize:
        count, effort = 0, Effort(batches(len(self.parts[name]), _PARTS_AT_ONCE))
        refused = [] if len(self.parts[name]) < PAGE else [f"counted in the first {PAGE} types alone"]
        for part, (listing, one) in self.parts[name].items():
            if one.extent is None:
                refused.append(f"{part}: {one.problem}")
                continue
            count += one.extent.count
            own = self._effort(listing, one)
            effort += Effort(own.calls - 1, own.reads, own.pages)
        if refused and len(refused) == len(self.parts[name]):
            return EntitySize(name, note="; ".join(refused))
        return EntitySize(name, count, "; ".join(refused) or None, bool(refused), effort.calls, effort.reads)

    def _task_comments(self, name: str) -> EntitySize:
        tasks = self._count("task")
        sample = self.counted["task"].sample if "task" in self.counted else ()
        told = [number_of(one.get("commentsCount")) or 0 for one in sample]
        count = round(tasks * sum(told) / len(told)) if told else 0 if not tasks else None
        turns = batches(tasks, _TASKS_AT_ONCE)
        note = _ONLY_BY_READING if count is None else f"extrapolated from what {len(told)} tasks say of theirs"
        return EntitySize(name, count, note, count is not None, turns * _CALLS_FOR_COMMENTS, turns)

    def _effort(self, listing: Listing, one: Counted) -> Effort:
        if one.extent is None:
            return Effort()
        if listing.filter is None:
            return by_offset(one.extent.count, max(PAGE, len(one.sample)))
        return by_id(one.extent, listing, self.ranges)

    def _counts(self, names: Sequence[str]) -> list[int]:
        return [self._count(name) for name in names if name in self.entities]

    def _count(self, name: str) -> int:
        """0 where it is not known."""
        if name in self.parts:
            return sum(one.extent.count for _, one in self.parts[name].values() if one.extent is not None)
        extent = self.counted[name].extent if name in self.counted else None
        return extent.count if extent is not None else 0
