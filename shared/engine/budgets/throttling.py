"""What a budget's owner said about us: pauses per method, and the pace that it lowered. Pure, like the budgets."""

from dataclasses import dataclass, field, replace

from shared.model.json import JsonObject

EVERY_METHOD = "*"
"""Stands for the whole budget where a method is asked for."""

_SLOWEST = 1 / 16
_RECOVERY_PER_SECOND = 0.02


@dataclass(frozen=True, slots=True)
class Throttling:
    """``pauses`` maps a method to the instant (seconds of the storage clock) until which it rests.

    ``pace`` is the share of the full rate that held at ``since``; it recovers by itself, a fiftieth per second.
    """

    pauses: dict[str, float] = field(default_factory=dict)
    pace: float = 1.0
    since: float = 0.0

    @staticmethod
    def load(value: JsonObject) -> "Throttling":
        """Read what ``dump`` wrote; ``{}`` is an undisturbed budget."""
        return Throttling(value.get("pauses", {}), value.get("pace", 1.0), value.get("since", 0.0))

    def dump(self, now: float) -> JsonObject:
        """The JSON form, without pauses that are over."""
        pauses = {method: until for method, until in self.pauses.items() if until > now}
        return {"pauses": pauses, "pace": self.pace, "since": self.since}

    def pace_at(self, now: float) -> float:
        """The share of the full rate at ``now``."""
        return min(1.0, self.pace + max(0.0, now - self.since) * _RECOVERY_PER_SECOND)

    def struck(self, now: float) -> "Throttling":
        """After a refusal that says no more: everybody rests for 1.5 s, longer each time, and the pace is halved.

        Refusals that come while everybody rests belong to calls that were on their way: they change nothing.
        """
        if self.pauses.get(EVERY_METHOD, 0.0) > now:
            return self
        pace = max(_SLOWEST, self.pace_at(now) / 2)
        return Throttling({**self.pauses, EVERY_METHOD: now + 0.75 / pace}, pace, now)

    def paused(self, method: str, until: float) -> "Throttling":
        """With ``method`` resting until then, or longer if it did already."""
        return replace(self, pauses={**self.pauses, method: max(until, self.pauses.get(method, 0.0))})
