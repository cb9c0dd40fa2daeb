"""What somebody asks for when starting a run, checked."""

from dataclasses import dataclass, field
from datetime import datetime

from shared.model.run import RunMode, RunOptions


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A valid request. ``entities`` is empty when all of the plan are meant."""

    plan: str
    mode: RunMode
    entities: tuple[str, ...] = ()
    since: datetime | None = None
    options: RunOptions = field(default_factory=RunOptions)
