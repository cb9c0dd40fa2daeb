"""Chance that is a function of the seed, the type and the id: a record is the same whenever it is looked at."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar
from zlib import crc32

T = TypeVar("T")
_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_UNCHANGED: Mapping[str, Any] = {}


def mix(number: int) -> int:
    """Spread a number over 64 bits."""
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & _MASK
    return number ^ (number >> 31)


@cache
def _salt(name: str) -> int:
    return mix(crc32(name.encode()) + _GOLDEN)


class Draw:
    """The chance of one record, and what was changed in it since it was made, by name of its fields.

    ``made`` holds values that several fields depend on, for as long as the record is looked at.
    """

    __slots__ = ("_base", "changed", "id", "made")

    def __init__(self, base: int, number: int, changed: Mapping[str, Any] | None = None) -> None:
        """``base`` is the chance of its type: see ``mix``."""
        self.id = number
        self.changed = changed or _UNCHANGED
        self.made: dict[str, Any] = {}
        self._base = mix(base + number * _GOLDEN & _MASK)

    def number(self, name: str, below: int) -> int:
        """0 … ``below`` - 1, always the same for a name."""
        return (((self._base ^ _salt(name)) * _GOLDEN & _MASK) >> 33) % below

    def one_in(self, name: str, many: int) -> bool:
        """True for one record in so many."""
        return self.number(name, many) == 0

    def pick(self, name: str, choices: Sequence[T]) -> T:
        """One of the choices."""
        return choices[self.number(name, len(choices))]
