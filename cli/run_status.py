"""The status of a run as the API tells it, read tolerantly: a missing member is neutral, an unknown one is ignored."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cli.deletions import Gone
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.model.run import RunMode, RunState

COUNTS = ("extracted", "imported", "skipped", "duplicate", "failed", "dead_lettered")
SHORTFALLS = ("flawed", "unresolved", "left_out", "placeholders")

FURTHER = "*"
"""The name under which the API counts the fields that it does not name."""


@dataclass(frozen=True, slots=True)
class Wait:
    """``pages`` of an entity are put away, the first of them until then; ``why`` as far as it is known."""

    pages: int
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class EntityStatus:
    """One entity of a run.

    ``pages_total`` is None until it is known; ``expected`` is the source's own count of records, as advice.
    ``counts`` has every name of COUNTS. ``stopped_by`` is the reason that ended this entity alone. ``left_out`` are
    records that stay behind by decision. ``shortfalls`` tell by name how many records lack something; ``coverage``
    are counters of what could be seen; ``incomplete`` says what could not be read of the entities that it follows.
    ``undecided`` are source fields that the mapping says nothing of, with the number of records that have a value.
    ``verdict`` is that of the proof, None where there is none, or not yet. ``gone`` is what the source has no more.
    What is ``archived_only`` is read and kept, and goes nowhere.
    ``sent_again`` counts records that were made again for others, whether the run has read them or not.
    """

    name: str
    pages_total: int | None
    pages_done: int
    expected: int | None
    counts: dict[str, int]
    stopped_by: str | None
    message: str | None
    left_out: int = 0
    shortfalls: Mapping[str, int] = field(default_factory=dict)
    coverage: Mapping[str, int] = field(default_factory=dict)
    undecided: Mapping[str, int] = field(default_factory=dict)
    incomplete: str | None = None
    wait: Wait | None = None
    verdict: str | None = None
    gone: Gone = field(default_factory=Gone)
    sent_again: int = 0
    archived_only: bool = False

    @property
    def begun(self) -> bool:
        """Whether anything of the entity was read."""
        return self.pages_done > 0 or self.counts["extracted"] > 0

    @property
    def read(self) -> bool:
        """Whether all its pages are done."""
        return self.pages_total is not None and self.pages_done >= self.pages_total

    @property
    def settled(self) -> bool:
        """Whether nothing of it is left to do: every record that was read has an outcome, or it was stopped alone."""
        if self.stopped_by:
            return True
        if self.archived_only:
            return self.read
        outcomes = self.left_out + sum(self.counts[name] for name in ("imported", "skipped", "duplicate"))
        # A record that failed for good is a dead letter: the two counts overlap.
        outcomes += max(self.counts["failed"], self.counts["dead_lettered"])
        return self.read and outcomes >= self.counts["extracted"]

    @property
    def share(self) -> float | None:
        """How much of it is read, from 0 to 1: by pages, or by the source's count while their number is unknown."""
        if self.read:
            return 1.0
        if self.pages_total is not None:
            return self.pages_done / self.pages_total
        return min(1.0, self.counts["extracted"] / self.expected) if self.expected else None


@dataclass(frozen=True, slots=True)
class RunStatus:
    """One answer of GET /api/runs/{run_id}. ``rate`` counts records per second; instants are aware.

    ``rolled_back`` counts the records that its last rollback restored, deleted, kept or failed on so far; it was asked
    for at ``rollback_began`` and had ended by ``rollback_ended``. ``undone`` are the entities that were rolled back.
    ``gates`` are results by gate, of a run that ended and was proven. ``attempted`` are the records brought to an end,
    whatever it was.
    """

    run_id: str
    plan: str
    mode: str
    state: str
    started_at: datetime | None
    finished_at: datetime | None
    reason: str | None
    message: str | None
    entities: tuple[EntityStatus, ...]
    calls: dict[str, int]
    rate: float | None
    eta_seconds: float | None
    waiting_on: str | None
    waiting_since: datetime | None
    waiting_reason: str | None
    rolling_back: bool = False
    rolled_back: Mapping[str, int] = field(default_factory=dict)
    rollback_began: datetime | None = None
    rollback_ended: datetime | None = None
    undone: tuple[str, ...] = ()
    gates: Mapping[str, str] = field(default_factory=dict)
    attempted: int | None = None

    @classmethod
    def parse(cls, body: Json) -> "RunStatus":
        """Read the API's JSON; never raises."""
        data = as_map(body)
        rollback = as_map(data.get("rollback"))
        return cls(
            run_id=_text(data.get("run_id")) or "?",
            plan=_text(data.get("plan")) or "?",
            mode=_text(data.get("mode")) or "?",
            state=_text(data.get("state")) or "?",
            started_at=_instant(data.get("started_at")),
            finished_at=_instant(data.get("finished_at")),
            reason=_text(data.get("reason")),
            message=_text(data.get("message")),
            entities=tuple(_entity(name, item) for name, item in as_map(data.get("entities")).items()),
            calls={side: _count(calls) for side, calls in as_map(data.get("calls")).items()},
            rate=_quantity(data.get("rate")),
            eta_seconds=_quantity(data.get("eta_seconds")),
            waiting_on=_text(data.get("waiting_on")),
            waiting_since=_instant(data.get("waiting_since")),
            waiting_reason=_text(data.get("waiting_reason")),
            rolling_back=data.get("phase") == "rollback",
            gates={str(one.get("gate")): str(one.get("result")) for one in map(as_map, as_list(data.get("gates")))},
            attempted=_count_or_none(as_map(data.get("failures")).get("attempted")),
            rolled_back=_sums(as_map(rollback.get("entities"))),
            rollback_began=_instant(rollback.get("began_at")),
            rollback_ended=_instant(rollback.get("ended_at")),
            undone=tuple(map(str, as_list(data.get("rolled_back")))),
        )

    @property
    def at_rest(self) -> bool:
        """Whether there is nothing to wait for: it ended, or it is halted until a person acts."""
        return any(state == self.state and (state.ended or state is RunState.HALTED) for state in RunState)

    @property
    def ended(self) -> bool:
        """Whether the run is over for good."""
        return any(state == self.state and state.ended for state in RunState)

    @property
    def dry(self) -> bool:
        """Whether ``imported`` counts what would be imported: the run writes nothing."""
        return self.mode in (RunMode.DRY_RUN, RunMode.VALIDATE)

    @property
    def verdicts(self) -> dict[str, str]:
        """By entity, of those that the proof looked at, or should have looked at."""
        return {one.name: one.verdict for one in self.entities if one.verdict and one.verdict != "not_asked"}

    @property
    def gone(self) -> Gone:
        """What the source has no more, over all entities."""
        return Gone.total(one.gone for one in self.entities)

    @property
    def totals(self) -> dict[str, int]:
        """The counts over all entities."""
        return {name: sum(entity.counts[name] for entity in self.entities) for name in COUNTS}


def _entity(name: str, item: Json) -> EntityStatus:
    data = as_map(item)
    pages = as_map(data.get("pages"))
    return EntityStatus(
        name=name,
        pages_total=_count_or_none(pages.get("total")),
        pages_done=_count(pages.get("done")),
        expected=_count_or_none(data.get("expected")),
        counts={count: _count(data.get(count)) for count in COUNTS},
        stopped_by=_text(data.get("blocked_by")),
        message=_text(data.get("message")),
        left_out=_count(data.get("left_out")),
        shortfalls={name: _count(data.get(name)) for name in SHORTFALLS},
        coverage={str(name): _count(count) for name, count in as_map(data.get("coverage")).items()},
        undecided={str(name): _count(count) for name, count in as_map(data.get("undecided")).items()},
        incomplete=_text(data.get("incomplete")),
        wait=_wait(as_map(data.get("waiting"))),
        verdict=_text(data.get("verdict")),
        gone=Gone.parse(data.get("deleted_at_source")),
        sent_again=_count(data.get("sent_again")),
        archived_only=data.get("archived_only") is True,
    )


def _sums(entities: JsonObject) -> dict[str, int]:
    """Counts over all entities, by name."""
    names = dict.fromkeys(name for counts in entities.values() for name in as_map(counts))
    return {name: sum(_count(as_map(counts).get(name)) for counts in entities.values()) for name in names}


def _wait(data: JsonObject) -> Wait | None:
    until = _instant(data.get("until"))
    why = ": ".join(text for name in ("reason", "message") if (text := _text(data.get(name))))
    return Wait(_count(data.get("pages")), until, why) if until else None


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


def _quantity(value: Json) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable else None


def _count(value: Json) -> int:
    return _count_or_none(value) or 0


def _count_or_none(value: Json) -> int | None:
    quantity = _quantity(value)
    return None if quantity is None else int(quantity)


def _instant(value: Json) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None
