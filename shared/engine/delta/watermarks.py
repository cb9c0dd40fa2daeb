"""Watermarks: up to when, by the source's own clock, an entity is safely in.

A run takes the time once, before it reads anything, for all its entities: a record that was changed while others were
being read is then read again by the next delta, whichever of them it refers to.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
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
    """

    at: datetime
    runs: tuple[str, ...]

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

    async def advance(self, plan: str, run_id: str, at: datetime, read: Mapping[str, Brought]) -> None:
        """Note that a run which began ``at`` brought these entities in. Doing it twice changes nothing.

        An entity that was never read whole gets no watermark from a delta.
        """
        for entity, brought in read.items():
            await self._advance(_name(plan, entity), run_id, at, brought)

    async def forget(self, plan: str, entities: Iterable[str]) -> None:
        """What was read of these entities is not all in any more: the next delta reads them whole."""
        for entity in entities:
            await self.rows.delete(_KIND, _name(plan, entity))

    async def _advance(self, name: str, run_id: str, at: datetime, brought: Brought) -> None:
        for _ in range(_ATTEMPTS):
            stored = await self.rows.read(_KIND, name)
            before = _load(stored.value)
            if before is None and not brought.whole:
                return
            if before is not None and (run_id in before.runs or at <= before.at):
                return
            new = (run_id,) if brought.records else ()
            runs = new if brought.whole or before is None else (*before.runs, *new)
            try:
                await self.rows.write(_KIND, name, {"at": at.isoformat(), "runs": list(runs)}, stored.etag)
            except Conflict:
                continue
            return
        raise Conflict(name)


def _with_followers(plan: Plan, names: Collection[str], found: dict[str, datetime]) -> dict[str, datetime]:
    left = dict(found)
    for name in reversed(_in_order(plan, names)):
        if plan.entity(name).delta is not None and name not in left:
            for parent in plan.entity(name).extract_after:
                left.pop(parent, None)
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
    return Watermark(datetime.fromisoformat(str(value["at"])), tuple(map(str, value["runs"])))
