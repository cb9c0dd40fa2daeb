"""What people do to a cutover. Every change is one conditional write of its row, and an event."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from shared.engine.clock import Clock
from shared.engine.cutover.checklist import Secret, checklist
from shared.engine.cutover.sheet import Line, document, goes, sheet
from shared.engine.fitting import newest_within
from shared.engine.runs.control import RunControl
from shared.engine.runs.refusals import ControlError
from shared.engine.runs.status import Statuses, summary
from shared.model.cutover import Cutover, CutoverAction, CutoverState, Event
from shared.model.errors import Conflict
from shared.model.json import JsonObject
from shared.model.plan import Plan
from shared.model.quoting import quoted
from shared.model.run import Run
from shared.ports.stores import SharedRows

_KIND = "cutover"
_ROOM = 24_000
"""Characters of JSON that events may take."""

_ATTEMPTS = 5

_FROM = {
    CutoverAction.START: (CutoverState.NOT_BEGUN, CutoverState.FINISHED, CutoverState.CANCELLED),
    CutoverAction.LINK: (CutoverState.READ_ONLY,),
    CutoverAction.SWITCH: (CutoverState.READ_ONLY,),
    CutoverAction.FINISH: (CutoverState.SWITCHED,),
    CutoverAction.CANCEL: (CutoverState.READ_ONLY, CutoverState.SWITCHED),
    CutoverAction.TICK: (CutoverState.READ_ONLY, CutoverState.SWITCHED, CutoverState.FINISHED),
}
_TO = {
    CutoverAction.START: CutoverState.READ_ONLY,
    CutoverAction.SWITCH: CutoverState.SWITCHED,
    CutoverAction.FINISH: CutoverState.FINISHED,
    CutoverAction.CANCEL: CutoverState.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Cutovers:
    """The cutover of each plan. ``secrets`` are what opens its systems, for the checklist."""

    rows: SharedRows
    control: RunControl
    statuses: Statuses
    secrets: Callable[[], Sequence[Secret]]
    clock: Clock

    async def of(self, plan: Plan) -> JsonObject:
        """All there is to say: state, events, sheet, where users work, and what is left to do."""
        cutover = await self._read(plan)
        runs = await self._runs(cutover)
        lines = await self._sheet(cutover, plan, runs)
        at_target = cutover.state in (CutoverState.SWITCHED, CutoverState.FINISHED)
        return {
            "plan": plan.name,
            "state": cutover.state.value,
            "users_work_at": "target" if at_target else "source",
            "go": goes(lines),
            "sheet": document(lines),
            "runs": [summary(run) for run in runs],
            "checklist": checklist(cutover, self.secrets(), self.clock.now()),
            "events": cutover.dump()["events"],
        }

    async def act(
        self, plan: Plan, action: CutoverAction, who: str, *, about: str | None = None, note: str | None = None
    ) -> JsonObject:
        """Do it. ``about`` is the run to link (without it: the plan's newest), or the line of the checklist.

        Against the sheet nobody switches without a ``note`` that says why. Raises ControlError INVALID_STATE.
        """
        for _ in range(_ATTEMPTS):
            cutover = await self._read(plan)
            if cutover.state not in _FROM[action]:
                raise ControlError("INVALID_STATE", f"A cutover that is {cutover.state.value} cannot {action.value}")
            changed, told = await self._changed(cutover, plan, action, about, note)
            event = Event(action.value, who, self.clock.now().isoformat(), told, note)
            changed = _fitting(replace(changed, events=(*changed.events, event)))
            try:
                await self.rows.write(_KIND, plan.name, changed.dump(), cutover.etag)
            except Conflict:
                continue
            return await self.of(plan)
        raise ControlError("INVALID_STATE", "The cutover changes too fast; look at it and try again")

    async def _changed(
        self, cutover: Cutover, plan: Plan, action: CutoverAction, about: str | None, note: str | None
    ) -> tuple[Cutover, str | None]:
        """(the cutover after it, what the event is about)."""
        match action:
            case CutoverAction.START:
                return replace(cutover, state=_TO[action], runs=(), done=()), None
            case CutoverAction.LINK:
                run = await self._linkable(plan, about)
                others = [one for one in cutover.runs if one != run.run_id]
                return replace(cutover, runs=(*others, run.run_id)), run.run_id
            case CutoverAction.TICK:
                known = [one.name for one in self.secrets()] + ["watch"]
                if about not in known:
                    raise ControlError("INVALID_STATE", f"There is no such line; there are {', '.join(known)}")
                return replace(cutover, done=tuple(dict.fromkeys((*cutover.done, about)))), about
            case CutoverAction.SWITCH:
                lines = await self._sheet(cutover, plan, await self._runs(cutover))
                if not goes(lines) and not note:
                    against = "; ".join(f"{one.check}: {one.detail}" for one in lines if one.says == "no_go")
                    raise ControlError(
                        "INVALID_STATE", f"The sheet says no ({against}). Say in a note why all the same"
                    )
        return replace(cutover, state=_TO[action]), None

    async def _linkable(self, plan: Plan, run_id: str | None) -> Run:
        runs = [await self.control.existing(run_id)] if run_id else await self.control.stores.runs.list(plan=plan.name)
        if not runs or runs[0].plan != plan.name:
            raise ControlError("INVALID_STATE", f"There is no run of plan {quoted(plan.name)} to link")
        return runs[0]

    async def _read(self, plan: Plan) -> Cutover:
        stored = await self.rows.read(_KIND, plan.name)
        return Cutover.load(stored.value, stored.etag)

    async def _runs(self, cutover: Cutover) -> list[Run]:
        found = [await self.control.stores.runs.get(run_id) for run_id in cutover.runs]
        return sorted((run for run in found if run is not None), key=lambda run: run.started_at)

    async def _sheet(self, cutover: Cutover, plan: Plan, runs: Sequence[Run]) -> list[Line]:
        return sheet(cutover, plan, [(run, await self.statuses.of(run)) for run in runs])


def _fitting(cutover: Cutover) -> Cutover:
    """With the newest of its events that there is room for; those that sheet and checklist go by stay."""
    needed = (cutover.last(CutoverAction.START), cutover.last(CutoverAction.SWITCH))
    return replace(cutover, events=newest_within(_ROOM, cutover.events, asdict, lambda event: event in needed))
