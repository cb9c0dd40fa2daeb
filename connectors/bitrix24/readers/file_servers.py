"""What it means that files stumble: a fault of the file, a server that is out for a while, or one that is dead.

Whether a server is out shows in what else it answered in the same turn. The portal's own address is waited for like
the portal itself; any other server gets a few tries, so that a dead one holds up a page for a minute and no longer.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from shared.media.verdicts import Stumbled
from shared.model.errors import RetryLater
from shared.model.json import Json, JsonObject, as_map

_OWN_TRIES = 5
"""Of a file, while its server hands out others. On a line that drops each twentieth answer, one of three million files
is lost."""

_WAITS = (5.0, 10.0, 20.0, 30.0)
"""Seconds between the tries of a server that answers nobody."""

_SERVER_TRIES = len(_WAITS) + 1

_LONGEST_OUTAGE = 1800.0
"""Seconds after which a portal that has stumbled over all files of a page, and only there, is no longer believed to
recover: longer than a run waits before it halts, so that a person has looked at it."""


@dataclass(slots=True)
class FileServers:
    """Servers that gave nothing lately, as the cursor of a page carries them from turn to turn.

    ``tries`` counts turns in which a server answered nobody; ``until`` is when the next may begin and ``since`` when
    the portal began to stumble (seconds since 1970). ``home`` is the portal's ``origin``; ``down`` says that not even
    its first page came, and ``out`` is why it is waited for, once it is.
    """

    home: str
    tries: dict[str, int] = field(default_factory=dict)
    until: float = 0.0
    since: float | None = None
    down: bool = False
    out: RetryLater | None = None

    @staticmethod
    def of(home: str, told: Json) -> "FileServers":
        """As ``cursor`` wrote them."""
        one = as_map(told)
        tries = {origin: int(count) for origin, count in as_map(one.get("tries")).items()}
        return FileServers(home, tries, float(one.get("until", 0.0)), one.get("since"))

    def cursor(self) -> JsonObject:
        """Empty when all servers are well."""
        told: JsonObject = {"tries": self.tries, "until": self.until, "since": self.since}
        return {name: value for name, value in told.items() if value}

    @property
    def tried_again(self) -> bool:
        """Whether a server has tries left that files wait for."""
        return any(count < _SERVER_TRIES for count in self.tries.values())

    def in_doubt(self, stumbles: Collection[RetryLater], answered: Collection[str]) -> bool:
        """Whether only another file of the portal can show if it is out."""
        errors = [one for one in stumbles if isinstance(one, Stumbled) and one.origin == self.home]
        return bool(errors) and self.home not in answered and not any(one.silent for one in errors)

    def weigh(
        self, stumbles: Mapping[int, RetryLater], failed: Mapping[int, int], answered: Collection[str], now: float
    ) -> dict[int, int | None]:
        """How often each file has failed by itself by now; None when it is lost.

        ``stumbles`` and ``failed`` (how often each failed before) are by place; ``answered`` are servers that gave any
        answer in the same turn.
        """
        for origin in answered:
            self.tries.pop(origin, None)
        if self.home in answered:
            self.since = None
        verdict: dict[int, int | None] = {}
        groups: dict[str, dict[int, Stumbled]] = {}
        for place, error in stumbles.items():
            if isinstance(error, Stumbled) and error.origin not in answered:
                groups.setdefault(error.origin, {})[place] = error
            else:
                verdict[place] = failed[place] + 1 if failed[place] + 1 < _OWN_TRIES else None
        for origin, errors in groups.items():
            kept = (origin == self.home and self._is_out(errors, now)) or self._has_tries_left(origin, now)
            verdict |= {place: failed[place] if kept else None for place in errors}
        return verdict

    def _is_out(self, errors: Mapping[int, Stumbled], now: float) -> bool:
        """One file that stumbles, with nothing to compare it with, does not stop a run."""
        if not self.down and not any(error.silent for error in errors.values()):
            if len(errors) == 1:
                return False
            self.since = now if self.since is None else self.since
            if now - self.since > _LONGEST_OUTAGE:
                return False
        error = next(iter(errors.values()))
        message = f"the portal hands out no file: {error.message}"
        self.out = RetryLater("source.unreachable", message, retry_after=error.retry_after)
        return True

    def _has_tries_left(self, origin: str, now: float) -> bool:
        count = self.tries[origin] = min(self.tries.get(origin, 0) + 1, _SERVER_TRIES)
        if count == _SERVER_TRIES:
            return False
        self.until = max(self.until, now + _WAITS[count - 1])
        return True
