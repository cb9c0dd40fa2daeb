"""What the engine works with: a plan's systems and mappings, the stores, and the numbers it goes by."""

from collections.abc import Awaitable, Callable, Iterable
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from shared.engine.budgets.governor import PATIENCE
from shared.model.json import JsonObject
from shared.model.plan import Plan
from shared.model.records import Link, MethodLimit, SchemaNeeds
from shared.ports.systems import Source, Target
from shared.transform.mapping import Mapping

Validate = Callable[[str, JsonObject], None]
"""Checks a record of an entity, with target ids in it. Raises RecordRejected."""


def anything_goes(_entity: str, _data: JsonObject) -> None:
    """For targets whose records follow no schema."""


Links = Callable[[str, JsonObject], Iterable[Link]]
"""The target ids in a record of an entity."""


def no_links(_entity: str, _data: JsonObject) -> Iterable[Link]:
    """For targets whose records lead nowhere."""
    return ()


Opens = Callable[[BinaryIO], str | None]
"""Why the content of a file cannot be shown, in words; None when it can, or when nobody can tell."""


def opens_anything(_content: BinaryIO) -> str | None:
    """For targets whose files are of no kind in particular."""
    return None


@dataclass(frozen=True, slots=True)
class Job:
    """A plan with its two systems. ``validate`` is asked before a record is sent.

    ``needs`` says, by entity, what the target has to know of before the first record is. ``links`` finds the target ids
    in a record that is read back, and ``opens`` tries the content of a file.
    """

    plan: Plan
    mappings: dict[str, Mapping]
    source: Source
    target: Target
    validate: Validate = anything_goes
    needs: AbstractMapping[str, SchemaNeeds] = field(default_factory=dict)
    links: Links = no_links
    opens: Opens = opens_anything

    def requirements(self, entity: str) -> frozenset[str]:
        """Other entities without which ``entity`` cannot be written."""
        mapping = self.mappings.get(entity)
        referred = mapping.required_references if mapping else frozenset()
        return (referred | frozenset(self.plan.entity(entity).requires)) - {entity}


class NotConfigured(ValueError):
    """A setting is missing, or makes no sense, that the systems of a plan need; the message names it."""


class Jobs(Protocol):
    """The plans this installation knows."""

    def plan_of(self, name: str) -> Plan:
        """A plan alone, which needs no settings. Raises KeyError for an unknown one."""

    def of(self, plan: str) -> Job:
        """Raises KeyError for an unknown plan and NotConfigured when its systems are not."""


Starter = Callable[[str, str, dict[str, object]], Awaitable[None]]
"""Starts an orchestration: (orchestrator, instance id, input). Starting one that runs already is not an error."""


_SLICES_AT_ONCE = 3
"""What a worker process has in hand, by ``host.json``: a batch of 2, and 1 more."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Numbers the engine goes by. Times are seconds.

    ``window`` caps the wake-ups outstanding in a queue, ``probes`` those while the other side is out.
    ``worker_seconds`` is how long one message may work. A wake-up counts as lost after ``heeded_within`` when its queue
    is empty, and after ``requeue_after`` in any case.
    ``judge_after`` is the number of records from which on the failure threshold counts. A row is given up after
    ``most_attempts``, whatever the queues say: more than a defect takes before the poison queue has its message, whose
    reader knows better what to do. A run in which nothing has moved for ``stalled_after`` is restarted, and
    halted when that did not help ``most_restarts`` times.
    """

    ranges: int = 16
    slice_rows: int = 1000
    window: int = 100
    probes: int = 2
    worker_seconds: float = 60.0
    halt_after: float = 900.0
    heeded_within: float = 30.0
    requeue_after: float = 1800.0
    calls_in_flight: int = 4
    transient_attempts: int = 5
    judge_after: int = 100
    most_attempts: int = 30
    stalled_after: float = 900.0
    most_restarts: int = 3

    def in_flight(self, limit: MethodLimit | None) -> int:
        """Calls that one slice has under way at once: not more than get leave before they lose patience.

        A slice of which a call lost patience is put away for seconds, in which the limit may go unused.
        """
        if limit is None:
            return self.calls_in_flight
        soon = limit.per_minute / 60 * PATIENCE / _SLICES_AT_ONCE
        return max(1, min(self.calls_in_flight, int(soon)))
