"""Watermarks: up to when, by the source's own clock, an entity is safely in.

A run takes the time once, before it reads anything, for all its entities: a record that was changed while others were
being read is then read again by the next delta, whichever of them it refers to.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from graphlib import TopologicalSorter

from shared.model.errors import Conflict
from shared.model.json import JsonObject
from shared.model.plan import Plan
from shared.ports.stores import SharedRows

_KIND = "watermark"
_MOST_RUNS = 100
"""Runs that an entity's records may be spread over. With as many, the next delta reads it whole, and begins anew."""

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Watermark:
    """Everything of an entity that was changed before ``at`` is in.

    ``runs`` hold its records: the one that read it whole last, and those that read what had changed, oldest first.
    ``ahead`` is how many seconds the source's clock was ahead of ours then, and ``recipe`` what the records were made
    by (see ``Plan.recipes``); both are None where nobody noted it.
    """

    at: datetime
    runs: tuple[str, ...]
    ahead: float | None = None
    recipe: str | None = None

    def comes_after(self, other: "Watermark") -> bool:
        """Whether it is the later one, by our own clock where the source's may have been set."""
        if self.ahead is None or other.ahead is None:
            return self.at > other.at
        return self.at - timedelta(seconds=self.ahead) > other.at - timedelta(seconds=other.ahead)

    @property
    def worn(self) -> bool:
        """Whether it is time to read the entity whole again."""
        return len(self.runs) >= _MOST_RUNS


@dataclass(frozen=True, slots=True)
class Brought:
    """What a run brought of one entity: whether it read it ``whole``, and whether it has any ``records`` of it."""

    whole: bool
    records: bool


@dataclass(frozen=True, slots=True)
class Watermarks:
    """The watermarks of all plans."""

    rows: SharedRows

    async def of(self, plan: str, entity: str) -> Watermark | None:
        """None when the entity was never read whole."""
        return _load((await self.rows.read(_KIND, _name(plan, entity))).value)

    async def since(self, plan: Plan, names: Collection[str], chosen: datetime | None) -> dict[str, datetime]:
        """From when on a delta has to read each of these entities; those that are not told have to be read whole.

        So have those along which others are read whole. ``chosen`` overrides what is known, as it is.
        """
        found: dict[str, datetime] = {}
        for entity in map(plan.entity, names):
            if entity.delta is None:
                continue
            if chosen is not None:
                found[entity.name] = chosen
            elif (mark := await self.of(plan.name, entity.name)) is not None and not mark.worn:
                found[entity.name] = mark.at - timedelta(seconds=entity.delta.overlap + entity.delta.reread)
        return _with_followers(plan, names, found)

    async def remade(self, plan: Plan, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the entities whose records were made by another recipe than today's, and have to be made again."""
        marks = {name: await self.of(plan.name, name) for name in names}
        return tuple(name for name, mark in marks.items() if mark and mark.recipe != plan.recipes.get(name))

    async def set_back(self, plan: Plan, since: Mapping[str, datetime], ahead: float) -> dict[str, datetime]:
        """``since`` as it has to be if the source's clock, now ``ahead`` of ours, was set back after the watermarks.

        What was changed since then bears earlier dates than it would. A little of that is in the overlap anyway.
        """
        found: dict[str, datetime] = {}
        for name, moment in since.items():
            mark, delta = await self.of(plan.name, name), plan.entity(name).delta
            back = mark.ahead - ahead if mark is not None and mark.ahead is not None else 0.0
            by = back if delta is not None and back > delta.overlap else 0.0
            found[name] = moment - timedelta(seconds=by)
        return found

    async def advance(self, plan: Plan, run_id: str, at: datetime, ahead: float, read: Mapping[str, Brought]) -> None:
        """Note that a run which began ``at`` brought these entities in. Doing it twice changes nothing.

        ``ahead`` is how far the source's clock was ahead of ours then. An entity that was never read whole gets no
        watermark from a delta.
        """
        for entity, brought in read.items():
            mark = Watermark(at, (run_id,) if brought.records else (), ahead, plan.recipes.get(entity))
            await self._advance(_name(plan.name, entity), run_id, mark, whole=brought.whole)

    async def forget(self, plan: str, entities: Iterable[str]) -> None:
        """What was read of these entities is not all in any more: the next delta reads them whole."""
        for entity in entities:
            await self.rows.delete(_KIND, _name(plan, entity))

    async def _advance(self, name: str, run_id: str, mark: Watermark, *, whole: bool) -> None:
        for _ in range(_ATTEMPTS):
            stored = await self.rows.read(_KIND, name)
            before = _load(stored.value)
            if before is None and not whole:
                return
            if before is not None and (run_id in before.runs or not mark.comes_after(before)):
                return
            runs = mark.runs if whole or before is None else (*before.runs, *mark.runs)
            try:
                await self.rows.write(_KIND, name, _dump(replace(mark, runs=runs)), stored.etag)
            except Conflict:
                continue
            return
        raise Conflict(name)


def _with_followers(plan: Plan, names: Collection[str], found: dict[str, datetime]) -> dict[str, datetime]:
    """One that was read last before its parents were has to be shown what they had become by then."""
    left = dict(found)
    for name in reversed(_in_order(plan, names)):
        for parent in plan.entity(name).extract_after if plan.entity(name).delta is not None else ():
            if name not in left:
                left.pop(parent, None)
            elif parent in left:
                left[parent] = min(left[parent], left[name])
    return left


def _in_order(plan: Plan, names: Collection[str]) -> list[str]:
    """Each after those that it is read along."""
    graph = {name: [one for one in _followed(plan, name) if one in names] for name in names}
    return list(TopologicalSorter(graph).static_order())


def _followed(plan: Plan, name: str) -> tuple[str, ...]:
    entity = plan.entity(name)
    return (*entity.extract_after, *entity.also_after)


def moving_on(plan: Plan, brought: Mapping[str, Brought], stuck: Collection[str]) -> dict[str, Brought]:
    """Those of what a run ``brought`` whose watermark may move on.

    One that others follow waits for them: what they did not get of its records, they could not find any more. ``stuck``
    are entities of the run that did not come in and have a watermark.
    """
    waiting = set(stuck)
    for name in reversed(_in_order(plan, (*brought, *stuck))):
        if name in waiting:
            waiting.update(_followed(plan, name))
    return {name: one for name, one in brought.items() if name not in waiting}


def _name(plan: str, entity: str) -> str:
    return f"{plan}:{entity}"


def _load(value: JsonObject | None) -> Watermark | None:
    if value is None:
        return None
    runs = tuple(map(str, value["runs"]))
    return Watermark(datetime.fromisoformat(str(value["at"])), runs, value.get("ahead"), value.get("recipe"))


def _dump(mark: Watermark) -> JsonObject:
    return {"at": mark.at.isoformat(), "runs": list(mark.runs), "ahead": mark.ahead, "recipe": mark.recipe}
