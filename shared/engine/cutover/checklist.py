"""What is left to be done after the switch, and by when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.model.cutover import Cutover, CutoverAction
from shared.model.json import JsonObject


@dataclass(frozen=True, slots=True)
class Secret:
    """Something that opens a system: its ``name`` for a checklist, never itself. ``revoke`` says what to do and where.

    ``hours`` after the switch it is due.
    """

    name: str
    revoke: str
    hours: int


WATCH = Secret("watch", "Look at the target, the report and the alerts until then; keep the source as it is", 48)


def checklist(cutover: Cutover, secrets: Sequence[Secret], now: datetime) -> list[JsonObject]:
    """``{"item", "what", "due", "overdue", "done"}``: due once users work at the target."""
    switch = cutover.last(CutoverAction.SWITCH)
    since = None if switch is None else datetime.fromisoformat(switch.at)
    return [_line(one, cutover, since, now) for one in (*secrets, WATCH)]


def _line(one: Secret, cutover: Cutover, since: datetime | None, now: datetime) -> JsonObject:
    due = None if since is None else since + timedelta(hours=one.hours)
    done = one.name in cutover.done
    return {
        "item": one.name,
        "what": one.revoke,
        "due": None if due is None else due.isoformat(),
        "overdue": due is not None and not done and now > due,
        "done": done,
    }
