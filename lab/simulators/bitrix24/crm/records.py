"""Records of one type by ascending id: made when they are looked at, remembered only where they were changed."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lab.simulators.bitrix24.crm.draws import Draw, mix
from lab.simulators.bitrix24.crm.fields import Field

_TEMPLATE_EVERY = 50


class Records:
    """``ids`` are those that list methods see; ``templates`` are had by id only. ``fields`` comes from the type.

    ``entity`` is the import contract's name, ``type_id`` the ``entityTypeId``.
    """

    def __init__(self, entity: str, type_id: int, seed: int, count: int, *, templates: bool = False) -> None:
        self.entity = entity
        self.type_id = type_id
        self.fields: tuple[Field, ...] = ()
        self._base = mix(seed * 1_000_003 + type_id)
        self.ids = array("q")
        self.templates: set[int] = set()
        self._fill(count, templates=templates)
        self.born = self.ids[:]
        self.changed: dict[int, dict[str, Any]] = {}
        self.last = self.ids[-1] if self.ids else 0
        self._shuffled: list[int] | None = None
        self._stamps: array[int] | None = None

    def _fill(self, count: int, *, templates: bool) -> None:
        last = 0
        for place in range(count):
            chance = mix(self._base + place)
            last += 1 if chance % 20 < 17 else 2 + chance % 5
            if templates and place % _TEMPLATE_EVERY == _TEMPLATE_EVERY - 1:
                self.templates.add(last)
                last += 1
            self.ids.append(last)

    @property
    def last_born(self) -> int:
        """The highest id of the beginning; ids above it were added since."""
        return self.born[-1] if self.born else 0

    def draw(self, number: int) -> Draw:
        """What the fields' values come from."""
        return Draw(self._base, number, self.changed.get(number))

    def draws(self) -> Iterator[Draw]:
        """All listed ones, by id."""
        return (self.draw(number) for number in self.ids)

    def find(self, number: int) -> Draw | None:
        """One by its id, listed or not."""
        return self.draw(number) if number in self or number in self.templates else None

    def __contains__(self, number: int) -> bool:
        place = bisect_left(self.ids, number)
        return place < len(self.ids) and self.ids[place] == number

    def shuffled(self, ids: Sequence[int]) -> Sequence[int]:
        """Some of ``ids`` as they come when nobody asks for an order: every time in the same disorder."""
        if len(ids) < len(self.ids):
            return sorted(ids, key=self._disorder)
        if self._shuffled is None:
            self._shuffled = sorted(self.ids, key=self._disorder)
        return self._shuffled

    def _disorder(self, number: int) -> int:
        return mix(self._base ^ number)

    @property
    def stamps(self) -> "array[int]":
        """When each of ``ids`` was changed last, in Unix seconds: what an incremental reader asks for first."""
        if self._stamps is None:
            field = next(one for one in self.fields if one.name == "updatedTime")
            self._stamps = array("q", (value(field, draw) for draw in self.draws()))
        return self._stamps

    def add(self, values: Mapping[str, Any]) -> int:
        """A new record with some of its values given; returns its id."""
        self.last += 2
        self.ids.append(self.last)
        if self._stamps is not None:
            self._stamps.append(0)
        self.change(self.last, values)
        self._shuffled = None
        return self.last

    def change(self, number: int, values: Mapping[str, Any]) -> None:
        """New values by name of the field, ``updatedTime`` among them."""
        self.changed[number] = {**self.changed.get(number, {}), **values}
        if self._stamps is not None:
            self._stamps[bisect_left(self.ids, number)] = values["updatedTime"]

    def delete(self, number: int) -> None:
        """It is gone, and its id is never used again."""
        place = bisect_left(self.ids, number)
        self.ids.pop(place)
        if self._stamps is not None:
            self._stamps.pop(place)
        self.changed.pop(number, None)
        self._shuffled = None


def value(field: Field, draw: Draw) -> Any:
    """The value of a field of a record."""
    return draw.changed[field.name] if field.name in draw.changed else field.make(draw)
