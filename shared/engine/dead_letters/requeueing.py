"""Requeueing dead letters: which of them go again, and the runs that take them up."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

import orjson

from shared.engine.job import Starter
from shared.engine.runs.control import RunControl
from shared.engine.runs.refusals import ControlError
from shared.model.records import DeadLetter
from shared.model.run import Run
from shared.ports.stores import Stores

Place = tuple[str, str, str]
"""Run, entity and source id of a letter."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which letters: those at ``places``, or those that share a ``cause``, or all of run ``run_id``.

    ``run_id`` narrows a cause.
    """

    places: tuple[Place, ...] = ()
    cause: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Requeued:
    """``letters`` go again, in ``runs``. ``waiting`` of them were not selected: they failed for want of others.

    ``unknown`` places have no letter that could go again.
    """

    runs: tuple[str, ...] = ()
    letters: int = 0
    waiting: int = 0
    unknown: tuple[Place, ...] = ()


@dataclass(slots=True)
class _Chosen:
    """The letters of one run that go again."""

    run: Run
    letters: list[DeadLetter] = field(default_factory=list)
    waiting: list[DeadLetter] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Requeueing:
    """Opens runs again for the letters that a person selects."""

    stores: Stores
    control: RunControl

    async def requeue(self, selection: Selection, who: str, starter: Starter, *, only_tell: bool = False) -> Requeued:
        """Have the selected letters done again from the archive, by today's mappings; ``only_tell`` changes nothing.

        The run that they belong to works again, in a new generation, and ends anew. Of a plan's runs only the newest
        that has selected letters takes them up, for the others are of older attempts at the same records. Raises
        ControlError UNKNOWN_RUN, INVALID_STATE, RUN_ALREADY_ACTIVE or TARGET_CHANGED, and INVALID_REQUEST when places
        are named in more than one run of a plan.
        """
        found = await self._found(selection)
        chosen = await self._by_run(found, named=bool(selection.places))
        taken = {_place(one) for each in chosen for one in (*each.letters, *each.waiting)}
        unknown = tuple(place for place in selection.places if place not in taken)
        for each in chosen:
            await self.control.may_requeue(each.run)
        if not only_tell:
            for each in chosen:
                await self._reopen(each, who, starter)
        return Requeued(
            tuple(each.run.run_id for each in chosen),
            sum(len(each.letters) + len(each.waiting) for each in chosen),
            sum(len(each.waiting) for each in chosen),
            unknown,
        )

    async def _found(self, selection: Selection) -> list[DeadLetter]:
        if selection.run_id is not None:
            await self.control.existing(selection.run_id)
        if not selection.places:
            letters = await self.stores.dead_letters.list(selection.run_id)
            return [one for one in letters if selection.cause in (None, one.cause)]
        wanted = set(selection.places)
        runs = sorted({place[0] for place in wanted})
        listed = [one for run_id in runs for one in await self.stores.dead_letters.list(run_id)]
        return [one for one in listed if _place(one) in wanted]

    async def _by_run(self, found: Sequence[DeadLetter], *, named: bool) -> list[_Chosen]:
        """The newest run of each plan with its letters, and with those that failed for want of them."""
        letters: dict[str, list[DeadLetter]] = defaultdict(list)
        for one in found:
            if one.page is not None:
                letters[one.run_id].append(one)
        runs = [run for run_id in letters if (run := await self.stores.runs.get(run_id)) is not None]
        newest: dict[str, Run] = {}
        for run in sorted(runs, key=lambda run: run.started_at):
            if named and run.plan in newest:
                message = f"{newest[run.plan].run_id} and {run.run_id} are runs of one plan; requeue one at a time"
                raise ControlError("INVALID_REQUEST", message)
            newest[run.plan] = run
        chosen = []
        for run in newest.values():
            of_run = letters[run.run_id]
            waiting = _waiting(of_run, await self.stores.dead_letters.list(run.run_id))
            chosen.append(_Chosen(run, of_run, waiting))
        return chosen

    async def _reopen(self, chosen: _Chosen, who: str, starter: Starter) -> None:
        letters = [*chosen.letters, *chosen.waiting]
        blob = f"requeued/{chosen.run.run_id}/{uuid.uuid4().hex[:12]}.json"
        told = ({name: asdict(one)[name] for name in ("entity", "source_id", "page", "attempts")} for one in letters)
        await self.stores.archive.put(blob, orjson.dumps(list(told)))
        await self.control.requeue(chosen.run.run_id, who, starter, blob=blob, letters=len(letters))


def _place(letter: DeadLetter) -> Place:
    return letter.run_id, letter.entity, letter.source_id


def _waiting(selected: Iterable[DeadLetter], letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Letters of records that failed because they need selected ones, or that need those in turn.

    Nobody knows the records of a page that was given up as a whole: each of its entity may be among them.
    """
    going = {_place(one) for one in selected}
    names = {f"{one.entity}:{one.source_id}" for one in selected} | {one.entity for one in selected if _of_page(one)}
    waiting: list[DeadLetter] = []
    while True:
        further = [
            one
            for one in letters
            if one.needs and one.page and _place(one) not in going and not names.isdisjoint(_needs(one))
        ]
        if not further:
            return waiting
        waiting += further
        going |= {_place(one) for one in further}
        names |= {f"{one.entity}:{one.source_id}" for one in further}


def _needs(letter: DeadLetter) -> set[str]:
    named = (letter.needs or "").split()
    return {*named, *(one.partition(":")[0] for one in named)}


def _of_page(letter: DeadLetter) -> bool:
    return letter.source_id.startswith("range-")
