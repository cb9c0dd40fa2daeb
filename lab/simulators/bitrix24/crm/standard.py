"""Fields that every type has, and how values are made that many types have.

Source: ``api-reference/crm/universal/object-fields.md``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lab.simulators.bitrix24.crm import words
from lab.simulators.bitrix24.crm.dates import DAY, FIRST, SPAN
from lab.simulators.bitrix24.crm.draws import Draw
from lab.simulators.bitrix24.crm.fields import Field, Make, both, universal, upper
from lab.simulators.bitrix24.crm.records import Records

_IMPORTED_EARLIER = 30 * DAY
_LATEST_CHANGE = 180 * DAY
_GHOST = 1000


@dataclass(frozen=True, slots=True)
class References:
    """What records refer to. ``users`` are the ids of the portal's users, ``items`` those of smart processes."""

    users: Sequence[int]
    companies: Records
    contacts: Records
    deals: Records
    items: Sequence[Records]

    def user(self, draw: Draw, name: str) -> int:
        """Somebody; one in 60 was deleted long ago, and no method knows him."""
        if not self.users:
            return 1
        if draw.one_in(f"{name} ghost", 60):
            return self.users[-1] + _GHOST
        return self.users[draw.number(name, len(self.users))]


def one_of(draw: Draw, records: Records, name: str, none_in: int) -> int | None:
    """An id of a record that was there from the beginning; none for one in ``none_in``, as 0 or as null."""
    if not records.born or draw.one_in(f"no {name}", none_in):
        return 0 if draw.id % 2 else None
    return records.born[draw.number(name, len(records.born))]


def kept(name: str, make: Make) -> Make:
    """A value that others depend on: made once, and the changed one where it was changed."""

    def one(draw: Draw) -> Any:
        if name in draw.changed:
            return draw.changed[name]
        if name not in draw.made:
            draw.made[name] = make(draw)
        return draw.made[name]

    return one


def created(draw: Draw, records: Records) -> int:
    """Ascending with the id, but for a few that were imported."""
    if "born" not in draw.made:
        draw.made["born"] = _born(draw, records)
    return int(draw.made["born"])


def _born(draw: Draw, records: Records) -> int:
    step = SPAN // (records.last_born + 1)
    earlier = _IMPORTED_EARLIER if draw.one_in("imported", 97) else 0
    return FIRST + _IMPORTED_EARLIER + draw.id * step + draw.number("created", step) - earlier


def updated(draw: Draw, records: Records) -> int:
    """Never before it was created; a third never changed."""
    late = 0 if draw.one_in("untouched", 3) else draw.number("updated", _LATEST_CHANGE)
    return created(draw, records) + late


def standard_fields(records: Records, references: References) -> tuple[Field, ...]:
    """Id, times, people."""
    made = kept("createdTime", lambda draw: created(draw, records))
    changed = kept("updatedTime", lambda draw: updated(draw, records))
    creator = kept("createdBy", lambda draw: references.user(draw, "creator"))
    editor = kept("updatedBy", lambda draw: references.user(draw, "editor"))
    return (
        both("id", "integer", lambda draw: draw.id, read_only=True),
        both("createdTime", "datetime", made, "DATE_CREATE", read_only=True),
        both("updatedTime", "datetime", changed, "DATE_MODIFY", read_only=True),
        both("createdBy", "user", creator, "CREATED_BY_ID", read_only=True),
        both("updatedBy", "user", editor, "MODIFY_BY_ID", read_only=True),
        both("assignedById", "user", lambda draw: references.user(draw, "assigned")),
        both("opened", "boolean", lambda draw: draw.one_in("opened", 2)),
        both("lastActivityBy", "user", editor, read_only=True),
        both("lastActivityTime", "datetime", changed, read_only=True),
        universal("observers", "user", lambda draw: _observers(draw, references), multiple=True),
        universal("webformId", "crm_webform", lambda draw: (0, None)[draw.number("webform", 2)]),
        universal("searchContent", "text", lambda draw: f"{draw.id} fbzr grkg", described=False),
    )


def _observers(draw: Draw, references: References) -> list[int]:
    if draw.number("observed", 5):
        return []
    return list(dict.fromkeys(references.user(draw, f"observer {place}") for place in range(2)))


def origin_fields() -> tuple[Field, ...]:
    """Where it came from, for deals, contacts and companies: sources, adverts, other systems."""
    return (
        both("originatorId", "string", lambda draw: "1C" if draw.one_in("origin", 9) else None),
        both("originId", "string", lambda draw: f"ЦБ-{draw.id:05d}" if draw.one_in("origin", 9) else None),
        *utm_fields(),
    )


def utm_fields() -> tuple[Field, ...]:
    """Adverts."""
    return (
        both("utmSource", "string", lambda draw: draw.pick("utm", words.UTM_SOURCES)),
        *(both(f"utm{name}", "string", _nothing) for name in ("Medium", "Campaign", "Content", "Term")),
    )


def parent_fields(parents: Sequence[tuple[int, Records]]) -> tuple[Field, ...]:
    """Links to items of other types, by ``entityTypeId``; null, or 0, for none."""
    return tuple(_parent(type_id, records) for type_id, records in parents)


def _parent(type_id: int, records: Records) -> Field:
    name = f"parentId{type_id}"
    settings = {"parentEntityTypeId": type_id}
    return both(name, "crm_entity", lambda draw: one_of(draw, records, name, 3), upper(name), settings=settings)


def _nothing(_draw: Draw) -> None:
    return None
