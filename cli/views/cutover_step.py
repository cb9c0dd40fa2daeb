"""A step of a cutover: what was done, what to mind about it, and how it stands after it, in a few lines."""

from datetime import datetime

from cli.views.text import clean, instant
from shared.model.cutover import CutoverAction
from shared.model.json import Json, JsonObject, as_list, as_map

_DONE = {
    CutoverAction.START: "window begun at {at}: nobody writes at the source from now on",
    CutoverAction.LINK: "run {about} linked",
    CutoverAction.SWITCH: "switched at {at}: users work at the target from now on",
    CutoverAction.TICK: "ticked off: {about}",
    CutoverAction.FINISH: "window ended at {at}: users work at the target, and the source is history",
    CutoverAction.CANCEL: "cancelled at {at}: users work at the source, as before",
}

_BEFORE_THE_SWITCH = "read_only"
_AFTER_IT = ("switched", "finished")


def step_lines(told: JsonObject, action: CutoverAction) -> list[str]:
    """``told`` is the cutover as it stands after ``action``."""
    events = [as_map(one) for one in as_list(told.get("events"))]
    last = next((one for one in reversed(events) if one.get("action") == action), {})
    done = _DONE[action].format(at=_moment(last.get("at")), about=last.get("about"))
    lines = [done, _too_early(told, events, str(last.get("about"))) if action is CutoverAction.LINK else ""]
    if told.get("state") == _BEFORE_THE_SWITCH:
        lines.append(_verdict(told))
    elif told.get("state") in _AFTER_IT:
        lines.append(_open(told))
    return [clean(line) for line in lines if line]


def _too_early(told: JsonObject, events: list[JsonObject], run_id: str) -> str:
    """A run from before the window: the sheet does not look at it."""
    began = next(
        (_instant(one.get("at")) for one in reversed(events) if one.get("action") == CutoverAction.START), None
    )
    run = next((one for one in map(as_map, as_list(told.get("runs"))) if one.get("run_id") == run_id), {})
    started = _instant(run.get("started_at"))
    if began is None or started is None or started >= began:
        return ""
    return f"mind: it will not count, for it began at {instant(started)}, before the window did at {instant(began)}"


def _verdict(told: JsonObject) -> str:
    if told.get("go"):
        return "go: nothing speaks against the switch"
    against = sum(as_map(one).get("says") == "no_go" for one in as_list(told.get("sheet")))
    return f"no go for now: {against} open, see portage cutover status {told.get('plan')}"


def _open(told: JsonObject) -> str:
    """How many lines of the checklist are open, and until when."""
    due = [as_map(one).get("due") for one in as_list(told.get("checklist")) if not as_map(one).get("done")]
    if not due:
        return "every line of the checklist is done"
    known = sorted(moment for one in due if (moment := _instant(one)) is not None)
    until = ""
    if known:
        first, last = instant(known[0]), instant(known[-1])
        until = f", until {last}" if first == last else f", the first until {first}, the last until {last}"
    many = "1 line of the checklist is" if len(due) == 1 else f"{len(due)} lines of the checklist are"
    return f"{many} open{until}; see portage cutover status {told.get('plan')}"


def _moment(value: Json) -> str:
    moment = _instant(value)
    return instant(moment) if moment else "?"


def _instant(value: Json) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
