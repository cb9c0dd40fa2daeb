"""What a run's row looks like after its state was changed: nobody waits for anything by then."""

from dataclasses import replace
from datetime import datetime

from shared.model.run import Run, RunState


def going_on(run: Run) -> Run:
    """``run`` as a new generation that works; why it stood still is over."""
    return replace(_waiting_for_none(run), state=RunState.RUNNING, epoch=run.epoch + 1, reason=None, message=None)


def paused(run: Run) -> Run:
    """``run`` as one that a person can resume."""
    return replace(_waiting_for_none(run), state=RunState.PAUSED)


def cancelled(run: Run, at: datetime) -> Run:
    """``run`` as one that was ended ``at`` and does not come back."""
    return replace(_waiting_for_none(run), state=RunState.CANCELLED, finished_at=at)


def _waiting_for_none(run: Run) -> Run:
    return replace(run, waiting_on=None, waiting_since=None, waiting_reason=None)
