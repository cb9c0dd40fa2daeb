"""Requeueing dead letters: whom a person asks for, and the runs that take them up.

A run chooses its letters itself when it takes them up. Whoever asks is told how many they are as far as that can be
found out at once, which does not depend on how many letters there are.
"""

import uuid
from collections import defaultdict
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from dataclasses import dataclass

from shared.engine.dead_letters.choosing import Chosen, Wish, choose
from shared.engine.job import Starter
from shared.engine.letters import letters_of
from shared.engine.runs.control import RunControl
from shared.engine.runs.refusals import ControlError
from shared.model.records import DeadLetter, LetterPlace
from shared.model.run import Run
from shared.ports.stores import Stores

MOST_LOOKED_AT = 10_000
"""Letters that are looked at before somebody is answered."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which letters: those at ``places``, or those that share a ``cause``, or all of run ``run_id``.

    ``run_id`` narrows a cause.
    """

    places: tuple[LetterPlace, ...] = ()
    cause: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Requeued:
    """``letters`` go again, in ``runs``. ``waiting`` of them were not selected: they failed for want of others.

    None: there are too many letters to count them now. ``unknown`` places have no letter that could go again.
    """

    runs: tuple[str, ...] = ()
    letters: int | None = 0
    waiting: int | None = 0
    unknown: tuple[LetterPlace, ...] = ()


class _TooManyError(Exception):
    """There are more letters than can be looked at now."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one run is asked to take up; ``chosen`` is None where that cannot be told now."""

    run: Run
    wish: Wish
    chosen: Chosen | None


@dataclass(frozen=True, slots=True)
class Requeueing:
    """Opens runs again for the letters that a person selects. ``most`` letters are looked at before the answer."""

    stores: Stores
    control: RunControl
    most: int = MOST_LOOKED_AT

    async def requeue(self, selection: Selection, who: str, starter: Starter, *, only_tell: bool = False) -> Requeued:
        """Have the selected letters done again from the archive, by today's mappings; ``only_tell`` changes nothing.

        The run that they belong to works again, in a new generation, and ends anew. Of a plan's runs only the newest
        that has selected letters takes them up, for the others are of older attempts at the same records. Raises
        ControlError UNKNOWN_RUN, RUN_ALREADY_ACTIVE or TARGET_CHANGED; INVALID_STATE, which it is too when letters are
        of an entity that was rolled back; and INVALID_REQUEST when places are named in more than one run of a plan, or
        a cause without a run where there are very many letters.
        """
        wishes, unknown = await self._wishes(selection)
        asked = [one for run, wish in wishes if (one := await self._asked(run, wish)) is not None]
        for one in asked:
            await self.control.may_requeue(one.run)
            _check_undone(one)
        if not only_tell:
            for one in asked:
                await self._reopen(one, who, starter)
        runs = tuple(one.run.run_id for one in asked)
        chosen = [one.chosen for one in asked if one.chosen is not None]
        if len(chosen) < len(asked):
            return Requeued(runs, None, None, unknown)
        waiting = sum(len(one.waiting) for one in chosen)
        return Requeued(runs, sum(len(one.asked) for one in chosen) + waiting, waiting, unknown)

    async def _wishes(self, selection: Selection) -> tuple[list[tuple[Run, Wish]], tuple[LetterPlace, ...]]:
        """What is asked of which run, and the places without a letter that could go again."""
        if selection.places:
            return await self._of_places(selection.places)
        wish = Wish(cause=selection.cause)
        if selection.run_id is not None:
            return [(await self.control.existing(selection.run_id), wish)], ()
        try:
            looked_at = _at_most(self.most, letters_of(self.stores.dead_letters))
            run_ids = {letter.run_id async for letter in looked_at if letter.page is not None and wish.names(letter)}
        except _TooManyError:
            message = f"run_id: there are more than {self.most} dead letters in all; name the run beside the cause"
            raise ControlError("INVALID_REQUEST", message) from None
        return [(run, wish) for run in await self._newest(run_ids, named=False)], ()

    async def _of_places(
        self, places: tuple[LetterPlace, ...]
    ) -> tuple[list[tuple[Run, Wish]], tuple[LetterPlace, ...]]:
        ids: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for letter in await self.stores.dead_letters.find(set(places)):
            if letter.page is not None:
                ids[letter.run_id].add((letter.entity, letter.source_id))
        runs = await self._newest(ids, named=True)
        taken = {(run.run_id, *one) for run in runs for one in ids[run.run_id]}
        wishes = [(run, Wish(frozenset(ids[run.run_id]))) for run in runs]
        return wishes, tuple(place for place in places if place not in taken)

    async def _newest(self, run_ids: Iterable[str], *, named: bool) -> list[Run]:
        """The newest run of each plan. Raises ControlError INVALID_REQUEST when a person named more than one of it."""
        runs = [run for run_id in run_ids if (run := await self.stores.runs.get(run_id)) is not None]
        newest: dict[str, Run] = {}
        for run in sorted(runs, key=lambda run: run.started_at):
            if named and run.plan in newest:
                message = f"{newest[run.plan].run_id} and {run.run_id} are runs of one plan; requeue one at a time"
                raise ControlError("INVALID_REQUEST", message)
            newest[run.plan] = run
        return list(newest.values())

    async def _asked(self, run: Run, wish: Wish) -> _Asked | None:
        """None: the run has no such letters."""
        try:
            chosen = await choose(_at_most(self.most, letters_of(self.stores.dead_letters, run.run_id)), wish)
        except _TooManyError:
            return _Asked(run, wish, None)
        return _Asked(run, wish, chosen) if chosen.asked else None

    async def _reopen(self, asked: _Asked, who: str, starter: Starter) -> None:
        blob = f"requeued/{asked.run.run_id}/{uuid.uuid4().hex[:12]}.json"
        await self.stores.archive.put(blob, asked.wish.dump())
        letters = None if asked.chosen is None else len(asked.chosen.all)
        await self.control.requeue(asked.run.run_id, who, starter, blob=blob, letters=letters)


def _check_undone(asked: _Asked) -> None:
    """Refuse letters of what was rolled back: one record would come back, and all others of its entity be missing.

    So are letters refused of which nobody can tell now what they are about. Raises ControlError INVALID_STATE.
    """
    run = asked.run
    entities = set(run.undone) if asked.chosen is None else {one.entity for one in asked.chosen.all}
    if gone := [name for name in run.undone if name in entities]:
        message = (
            f"Run {run.run_id} was rolled back for {', '.join(gone)}: those letters stay, and only a new run brings "
            "their records; other letters go again if they are named"
        )
        raise ControlError("INVALID_STATE", message)


async def _at_most(most: int, letters: AsyncIterable[DeadLetter]) -> AsyncIterator[DeadLetter]:
    """The first ``most`` letters. Raises _TooManyError when there are more."""
    seen = 0
    async for letter in letters:
        seen += 1
        if seen > most:
            raise _TooManyError
        yield letter
