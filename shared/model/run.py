"""A run: one execution of a plan."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.model.json import JsonObject

ORCHESTRATION = "run"
"""Name of the orchestration that drives a run, one generation at a time."""


class RunMode(StrEnum):
    """What a run does with what it reads."""

    FULL = "full"
    DELTA = "delta"
    DRY_RUN = "dry_run"
    VALIDATE = "validate"

    @property
    def writes(self) -> bool:
        """Whether the run writes to the target, and so needs the plan's lock."""
        return self in (RunMode.FULL, RunMode.DELTA)


class RunState(StrEnum):
    """Where a run stands (DESIGN §5)."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    HALTED = "halted"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ROLLED_BACK = "rolled_back"

    @property
    def works(self) -> bool:
        """Whether messages and orchestrations of the run may act."""
        return self in (RunState.QUEUED, RunState.RUNNING)

    @property
    def ended(self) -> bool:
        """Whether the run is over for good; a paused or halted one can be resumed."""
        return self not in (RunState.QUEUED, RunState.RUNNING, RunState.PAUSED, RunState.HALTED)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the starter may choose (DESIGN §5). Shares are fractions: 0.01 is one per cent."""

    private_chats: bool = False
    private_posts: bool = False
    task_files: bool = False
    failure_threshold: float = 0.01
    sample: float = 0.05
    apply_deletes: bool = False
    repair: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """An undo that is under way: of which entities, and what the run's row told before it.

    ``whole``: it takes in all that the run wrote. ``asked_by`` is who asked for it. ``finished_at`` is ISO text;
    ``reason`` and ``message`` are the run's own.
    """

    entities: tuple[str, ...]
    whole: bool
    asked_by: str
    state: RunState
    finished_at: str | None
    reason: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One row of the ``runs`` table. Instants are aware UTC datetimes.

    ``epoch`` counts the generations of a run: resume begins a new one, and messages of an older one do nothing.
    ``waiting_on`` is ``source``, ``target`` or ``storage`` while that side keeps the run waiting. ``tolerated`` counts
    the failures that were known when a person resumed the run, and is None until the first tick after that; ``actions``
    says who paused, resumed or cancelled it, requeued its dead letters, or restarted it.
    ``repeats``: a run of the plan has written before, so that much may be unchanged; it ``follows`` the one whose seals
    it may believe. ``requeued`` are blobs that name dead letters which the run is to take up again and has not yet.
    ``undo`` is the one under way, ``undos`` the number of the last one, ``undone`` the entities it undid. ``trace``
    is the place in a trace (a ``traceparent``) below which all work of the run belongs.
    ``source_time`` is what the source's clock showed before anything was read, ``source_ahead`` how many seconds it was
    ahead of ours; ``reads_since`` says (ISO) from when on a delta reads the entities that it does not read whole, and
    ``remade`` of which of them it makes all records again, since their mapping is another one than it was.
    """

    run_id: str
    plan: str
    mode: RunMode
    state: RunState
    epoch: int
    entities: tuple[str, ...]
    started_at: datetime
    started_by: str
    plan_hash: str
    options: RunOptions = field(default_factory=RunOptions)
    since: datetime | None = None
    finished_at: datetime | None = None
    reason: str | None = None
    message: str | None = None
    waiting_on: str | None = None
    waiting_since: datetime | None = None
    waiting_reason: str | None = None
    halted_at: datetime | None = None
    tolerated: int | None = 0
    repeats: bool = False
    follows: str | None = None
    actions: tuple[JsonObject, ...] = ()
    undo: Undo | None = None
    undos: int = 0
    undone: tuple[str, ...] = ()
    requeued: tuple[str, ...] = ()
    trace: str | None = None
    source_time: datetime | None = None
    source_ahead: float = 0.0
    reads_since: dict[str, str] = field(default_factory=dict)
    remade: tuple[str, ...] = ()
    etag: str | None = None

    @property
    def left_something(self) -> bool:
        """Whether records may be in the target by this run."""
        return self.mode.writes and self.state is not RunState.ROLLED_BACK

    @property
    def quiet_since(self) -> datetime | None:
        """When its own work ended, or the undo of it after that; None while it has not ended."""
        if self.finished_at is None:
            return None
        undone = (datetime.fromisoformat(str(one["at"])) for one in self.actions if one["action"] == "rolled_back")
        return max([self.finished_at, *undone])

    @property
    def instance_id(self) -> str:
        """Id of the orchestration that drives the current generation."""
        return f"{self.run_id}-{self.epoch}"
