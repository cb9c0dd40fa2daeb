"""A cutover: the read-only window at the source, the runs that close it, and the switch to the target."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum

from shared.model.json import JsonObject, as_list, as_map


class CutoverState(StrEnum):
    """Where users work, and whether they may write."""

    NOT_BEGUN = "not_begun"
    READ_ONLY = "read_only"  # at the source, and nobody writes there
    SWITCHED = "switched"  # at the target
    FINISHED = "finished"  # at the target; the window is over
    CANCELLED = "cancelled"  # at the source, as before


class CutoverAction(StrEnum):
    """What somebody does about it."""

    START = "start"
    LINK = "link"
    SWITCH = "switch"
    FINISH = "finish"
    CANCEL = "cancel"
    TICK = "tick"


@dataclass(frozen=True, slots=True)
class Event:
    """Who did what, when (ISO), about what (a run, a line of the checklist), and what they said."""

    action: str
    by: str
    at: str
    about: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Cutover:
    """``events`` are the newest of the plan, oldest first; ``runs`` those linked since the window began.

    ``done`` are lines of the checklist that somebody ticked off.
    """

    state: CutoverState = CutoverState.NOT_BEGUN
    events: tuple[Event, ...] = ()
    runs: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    etag: str | None = field(default=None, compare=False)

    def last(self, action: CutoverAction) -> Event | None:
        """The latest event of a kind."""
        return next((one for one in reversed(self.events) if one.action == action), None)

    def dump(self) -> JsonObject:
        """The stored form, without the etag."""
        return {
            "state": self.state.value,
            "events": [asdict(one) for one in self.events],
            "runs": list(self.runs),
            "done": list(self.done),
        }

    @staticmethod
    def load(document: JsonObject | None, etag: str | None) -> "Cutover":
        """The inverse of ``dump``; nothing stored is a cutover that has not begun."""
        if document is None:
            return Cutover(etag=etag)
        events = tuple(Event(**as_map(one)) for one in as_list(document["events"]))
        runs, done = (tuple(map(str, as_list(document[name]))) for name in ("runs", "done"))
        return Cutover(CutoverState(document["state"]), events, runs, done, etag)
