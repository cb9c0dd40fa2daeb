"""The cutover that a run is part of, or that its plan has been through: window, sheet, what was done, what is due."""

from shared.model.cutover import CutoverAction, CutoverState
from shared.model.json import JsonObject

_MARKS = {"began": CutoverAction.START, "switched": CutoverAction.SWITCH, "finished": CutoverAction.FINISH}
"""What the window's moments are called, by the event that set them."""

_OF_RUN = ("run_id", "mode", "state", "started_at", "finished_at")


def cutting_over(told: JsonObject, run_id: str) -> JsonObject | None:
    """``told`` is what ``Cutovers.of`` gives; None where nobody has begun one."""
    if told["state"] == CutoverState.NOT_BEGUN.value:
        return None
    return {
        **{name: told[name] for name in ("state", "users_work_at", "go", "sheet", "checklist", "events")},
        "window": _window(told["events"]),
        "runs": [{name: one[name] for name in _OF_RUN} for one in told["runs"]],
        "of_this_run": any(one["run_id"] == run_id for one in told["runs"]),
    }


def _window(events: list[JsonObject]) -> JsonObject:
    """Of the cutover that began last; who began it, and each moment, or None while it has not come."""
    starts = [place for place, one in enumerate(events) if one["action"] == CutoverAction.START.value]
    latest = events[starts[-1] :] if starts else []
    moments = {
        name: next((one["at"] for one in reversed(latest) if one["action"] == action.value), None)
        for name, action in _MARKS.items()
    }
    return {**moments, "by": latest[0]["by"] if latest else None}
