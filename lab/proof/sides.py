"""Both sides as the proof sees them: what the portal holds, and what the gateway says it holds."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Protocol

Json = dict[str, Any]
_LISTED = 1_000
_READ = 100
_ASKED = 50


class Sides(Protocol):
    """What a comparison needs of a system; ``lab.system.System`` has it."""

    webhook_users: frozenset[str]

    def truth(self, entity: str) -> list[Json]:
        """What the portal holds, as the simulator knows it."""

    def gateway(self, method: str, body: Json) -> Json:
        """Ask the gateway (contract §4)."""

    def gateway_media(self, media_id: str) -> bytes:
        """The bytes of one media object, as the gateway gives them out."""

    def ask_portal(self, method: str, each: list[Json]) -> list[Json | None]:
        """One call of a method for each of up to 50 arguments; None for what the webhook's user may not read."""

    def written(self) -> frozenset[str]:
        """Entities that the plan writes to the target, not only reads and keeps."""


def source_id(entity: str, row: Json) -> str:
    """The id under which a row of the portal goes into the target (contract §2)."""
    if entity == "smart_process_item":
        return f"{row['entityTypeId']}:{row['id']}"
    return str(row["ID"] if "ID" in row else row["id"])


class Portal:
    """The portal's records by source id, each entity read once."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._rows: dict[str, dict[str, Json]] = {}
        self._objects: dict[str, str | None] = {}

    def rows(self, entity: str) -> dict[str, Json]:
        """Every record of an entity."""
        if entity not in self._rows:
            self._rows[entity] = {source_id(entity, row): row for row in self._sides.truth(entity)}
        return self._rows[entity]

    @property
    def webhook_users(self) -> frozenset[str]:
        """Whose webhooks the run reads through."""
        return self._sides.webhook_users

    def look_up(self, attached: Iterable[str]) -> None:
        """Find out which files are behind attached objects (API facts §4.9)."""
        unknown = sorted({*attached} - self._objects.keys(), key=int)
        for start in range(0, len(unknown), _ASKED):
            part = unknown[start : start + _ASKED]
            cards = self._sides.ask_portal("disk.attachedObject.get", [{"id": number} for number in part])
            for number, card in zip(part, cards, strict=True):
                self._objects[number] = str(card["OBJECT_ID"]) if card else None

    def object_of(self, attached: str) -> str | None:
        """The file behind an attached object; None for one that the webhook's user may not read."""
        if attached not in self._objects:
            self.look_up([attached])
        return self._objects[attached]

    @cached_property
    def pictures(self) -> dict[str, str]:
        """Addresses of pictures of people and groups, and the SHA-256 of what is there."""
        return {row["id"]: row["sha256"] for row in self._sides.truth("picture")}


class Target:
    """What is in the gateway. Target ids are told apart by entity."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._ids: dict[str, dict[str, str]] = {}
        self._sources: dict[str, dict[str, str]] = {}
        self._doubled: dict[str, Counter[str]] = {}

    def ids(self, entity: str) -> dict[str, str]:
        """``{source_id: target_id}`` of everything that an import made."""
        if entity not in self._ids:
            listed = list(self._list(entity))
            self._ids[entity] = dict(listed)
            self._doubled[entity] = Counter(
                [f"source id {source}" for source, _ in listed] + [f"target id {target}" for _, target in listed]
            )
            self._sources[entity] = {target: source for source, target in self._ids[entity].items()}
        return self._ids[entity]

    def doubled(self, entity: str) -> dict[str, int]:
        """Source ids, and target ids, that the gateway lists more than once."""
        self.ids(entity)
        return {one: count for one, count in self._doubled[entity].items() if count > 1}

    def source_of(self, entity: str, target_id: Any) -> str:
        """Whose target id that is; a text that is no source id when it is nobody's."""
        self.ids(entity)
        return self._sources[entity].get(target_id, f"nobody ({target_id})")

    def records(self, entity: str, source_ids: Iterable[str]) -> Iterator[tuple[str, str, Json]]:
        """(source id, target id, data) of each record, as the gateway reads it back."""
        wanted = sorted(source_ids)
        for start in range(0, len(wanted), _READ):
            body = {"entity": entity, "source_ids": wanted[start : start + _READ]}
            for one in self._sides.gateway("import.read", body)["items"]:
                yield one["source_id"], one["target_id"], one["data"]

    @cached_property
    def media(self) -> dict[str, Json]:
        """By media id: ``key``, ``size``, ``checksum``."""
        return {one["media_id"]: one for one in self._pages("import.media.list", {})}

    def _list(self, entity: str) -> Iterator[tuple[str, str]]:
        for one in self._pages("import.list", {"entity": entity}):
            if one["source_id"] is not None:
                yield one["source_id"], one["target_id"]

    def _pages(self, method: str, body: Json) -> Iterator[Json]:
        after = ""
        while True:
            page = self._sides.gateway(method, {**body, "after": after, "limit": _LISTED})
            yield from page["items"]
            after = page.get("next") or ""
            if not after:
                return
