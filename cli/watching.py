"""Following a run until there is nothing to wait for. Watching costs the run nothing and ends without touching it."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol, Self

from cli.api import Answer, Api
from cli.failures import Failure
from cli.run_status import RunStatus

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 600.0
"""How long the API may be away: longer than a host needs to restart or a deployment to swap."""


class Follower(Protocol):
    """Who is told what happens: a picture or lines."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def show(self, status: RunStatus) -> None:
        """The run stands like this now."""

    def away(self, failure: Failure, since: datetime) -> None:
        """The API gave no useful answer this time, nor any since then."""


def watch(
    api: Api,
    run_id: str,
    follower: Follower,
    *,
    over: Callable[[RunStatus], bool] = lambda status: status.at_rest,
    poll_seconds: float = POLL_SECONDS,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Answer:
    """Poll until it is ``over``: the run ended or is halted. Answer the last status.

    Raises the API's failure when it is a lasting one or when the API was away for ``patience_seconds``.
    """
    waiting = _Waiting()
    away_since: datetime | None = None
    while True:
        try:
            answer = api.run(run_id)
        except Failure as failure:
            away_since = away_since or datetime.now(tz=UTC)
            if not failure.temporary or (datetime.now(tz=UTC) - away_since).total_seconds() >= patience_seconds:
                raise
            follower.away(failure, away_since)
        else:
            away_since = None
            status = waiting.dated(RunStatus.parse(answer.body))
            follower.show(status)
            if over(status):
                return answer
        time.sleep(poll_seconds)


class _Waiting:
    """Dates an outage by when it was first seen from here, for an API that does not say since when it lasts."""

    def __init__(self) -> None:
        self._side: str | None = None
        self._since: datetime | None = None

    def dated(self, status: RunStatus) -> RunStatus:
        if status.waiting_on != self._side:
            self._side, self._since = status.waiting_on, datetime.now(tz=UTC)
        return replace(status, waiting_since=status.waiting_since or self._since) if status.waiting_on else status
