"""How long reading and writing take under the limits of both systems."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from shared.model.records import Capabilities
from shared.model.run import RunOptions
from shared.ports.surveys import EntitySize, Survey
from shared.transform.files import FILES

_MINUTE = 60


_READ = 100
_LISTED = 1000
"""Records of one call that reads or lists what the target has (import contract §4)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What writing one entity takes: calls, and seconds at the target's rate for them. ``proof`` counts the calls that
    read it back."""

    calls: int
    seconds: float
    proof: int = 0


def source_seconds(calls: int, survey: Survey, rate: float, burst: int) -> float:
    """``rate`` calls per second after ``burst`` at once (0: no limit), or the source's other limits if they bind."""
    return max(survey.least_seconds, max(0, calls - burst) / rate if rate else 0.0)


def deliveries(
    sizes: Sequence[EntitySize], written: Collection[str], target: Capabilities | None
) -> dict[str, Delivery]:
    """By entity: each page of records goes in calls of as many items as the target takes. One after the other.

    Left out is what is not written, what has no count, and what the target does not take.
    """
    found: dict[str, Delivery] = {}
    for size in sizes:
        limit = None if target is None else target.limits.get(size.name)
        if size.name in written and size.count is not None and limit is not None:
            reads = max(1, min(size.reads or 1, size.count))
            calls = reads * math.ceil(size.count / reads / limit.max_items)
            found[size.name] = Delivery(calls, _MINUTE * calls / limit.per_minute, _proof(size.name, size.count, reads))
    return found


def _proof(entity: str, count: int, reads: int) -> int:
    """All records read back slice by slice, listed, and counted; files are listed, and a sample of them fetched."""
    lists = max(1, math.ceil(count / _LISTED))
    if entity == FILES:
        return lists + round(count * RunOptions().sample)
    slices = max(reads, math.ceil(count / _LISTED))
    return (slices * math.ceil(count / slices / _READ) if count else 0) + lists + 1
