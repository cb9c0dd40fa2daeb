"""Choosing: which letters of a run go again when a person asks for some of them.

What is kept of a letter is what redriving needs, so that a run with very many of them can be gone through.
"""

from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from shared.model.records import DeadLetter


@dataclass(frozen=True, slots=True)
class Wish:
    """The letters of one run that a person asked for: those of ``ids``, or those that share ``cause``, or all.

    ``ids`` are pairs of entity and source id.
    """

    ids: frozenset[tuple[str, str]] | None = None
    cause: str | None = None

    def names(self, letter: DeadLetter) -> bool:
        """Whether ``letter`` is one of them."""
        if self.ids is not None:
            return (letter.entity, letter.source_id) in self.ids
        return self.cause in (None, letter.cause)

    def dump(self) -> bytes:
        """For the archive."""
        return orjson.dumps({"ids": None if self.ids is None else sorted(self.ids), "cause": self.cause})

    @classmethod
    def load(cls, text: bytes) -> "Wish":
        """The inverse of ``dump``."""
        told = orjson.loads(text)
        ids = told["ids"]
        return cls(None if ids is None else frozenset((entity, one) for entity, one in ids), told["cause"])


class Going(NamedTuple):
    """What redriving has to know of a letter; see ``DeadLetter``."""

    entity: str
    source_id: str
    page: str
    attempts: int
    needs: str | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The letters that were ``asked`` for, and those ``waiting``: they failed for want of these, and go with them."""

    asked: list[Going]
    waiting: list[Going]

    @property
    def all(self) -> list[Going]:
        """Both."""
        return [*self.asked, *self.waiting]


async def choose(letters: AsyncIterable[DeadLetter], wish: Wish) -> Chosen:
    """What ``wish`` comes to among the ``letters`` of a run. One whose row of the ledger is not known stays."""
    asked: list[Going] = []
    others: list[Going] = []
    async for letter in letters:
        if letter.page is None:
            continue
        going = Going(letter.entity, letter.source_id, letter.page, letter.attempts, letter.needs)
        if wish.names(letter):
            asked.append(going)
        elif letter.needs:
            others.append(going)
    return Chosen(asked, _waiting(asked, others))


def _waiting(asked: Sequence[Going], others: Sequence[Going]) -> list[Going]:
    """Those of ``others`` that need what was asked for, or that need those in turn.

    Nobody knows the records of a page that was given up as a whole: each of its entity may be among them.
    """
    names = {f"{one.entity}:{one.source_id}" for one in asked} | {one.entity for one in asked if _of_page(one)}
    waiting: list[Going] = []
    left = list(others)
    while True:
        further = [one for one in left if not names.isdisjoint(_needs(one))]
        if not further:
            return waiting
        waiting += further
        names |= {f"{one.entity}:{one.source_id}" for one in further}
        going = set(further)
        left = [one for one in left if one not in going]


def _needs(letter: Going) -> set[str]:
    named = (letter.needs or "").split()
    return {*named, *(one.partition(":")[0] for one in named)}


def _of_page(letter: Going) -> bool:
    return letter.source_id.startswith("range-")
