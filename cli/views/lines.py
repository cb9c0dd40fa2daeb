"""Following a run without a terminal: one line per change that matters, totals now and then."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Self

from cli.failures import Failure
from cli.run_status import EntityStatus, RunStatus, Wait
from cli.views.progress import counts_line
from cli.views.run import away_line, outcome_lines, pace_line, resting_line, stopped_line, waiting_details, waiting_line
from cli.views.text import clock, number

_TOTALS_SECONDS = 10.0


class Lines:
    """A Follower for logs and pipes.

    Lines come when the state changes, when an entity is begun, read or done, or rests, when a side goes out or comes
    back, when the API does; and totals, if they changed, at most every ten seconds.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told: dict[str, str] = {}
        self._resting: dict[str, Wait] = {}
        self._totals_due = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, status: RunStatus) -> None:
        """Say what is new in it."""
        self._tell("api", "", over="the API answers again")
        self._tell("state", f"run {status.run_id} of {status.plan} ({status.mode}): {status.state}")
        self._tell("waiting", waiting_line(status), also=waiting_details(status), over="no longer waiting")
        for entity in status.entities:
            self._tell(f"entity {entity.name}", _milestone(entity, dry=status.dry))
            if status.waiting_on is None:
                self._tell_of_rest(entity)
        if status.at_rest or time.monotonic() >= self._totals_due:
            self._tell("totals", f"total: {counts_line(status.totals, dry=status.dry)}", also=pace_line(status))
            self._totals_due = time.monotonic() + _TOTALS_SECONDS
        for place, line in enumerate(outcome_lines(status)):
            self._tell(f"outcome {place}", line)

    def away(self, failure: Failure, since: datetime) -> None:
        """Say it once per absence, with the first reason."""
        if not self._told.get("api"):
            self._tell("api", away_line(failure, since))

    def _tell_of_rest(self, entity: EntityStatus) -> None:
        """Say what rests, and again when that is for another reason or lasts longer than was told."""
        line, wait = resting_line(entity), entity.wait
        if not line or wait is None:
            return
        told = self._resting.get(entity.name)
        if told is None or told.why != wait.why or wait.until > told.until:
            self._resting[entity.name] = wait
            self._say(f"{clock(datetime.now(tz=UTC))} {line}")

    def _tell(self, topic: str, line: str, *, also: str = "", over: str = "") -> None:
        """Say ``line`` if it is new; ``also`` may differ each time. When the line goes away, ``over`` tells that."""
        before = self._told.get(topic, "")
        self._told[topic] = line
        if line == before:
            return
        said = "; ".join(text for text in (line, also) if text) if line else over
        if said:
            self._say(f"{clock(datetime.now(tz=UTC))} {said}")


def _milestone(entity: EntityStatus, *, dry: bool) -> str:
    """What to say of an entity; it stays the same while only its counts grow."""
    if entity.stopped_by:
        return stopped_line(entity)
    if entity.settled and entity.archived_only:
        return f"{entity.name}: done, {number(entity.counts['extracted'])} archived"
    if entity.settled:
        return f"{entity.name}: done, {counts_line(entity.counts, dry=dry)}"
    if entity.read:
        return f"{entity.name}: all {number(entity.pages_done)} pages read"
    return f"{entity.name}: begun" if entity.begun else ""
