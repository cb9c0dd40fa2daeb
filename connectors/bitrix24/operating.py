"""``operating``: the seconds a method took of late, as every answer's ``time`` block tells them (API facts §2.2)."""

import time
from dataclasses import dataclass

from shared.model.json import Json, as_map

LIMIT = 480.0
"""Seconds of a method in ten minutes; over it the portal refuses the method for this webhook."""

WINDOW = 600.0
"""Those ten minutes, in seconds."""


@dataclass(frozen=True, slots=True)
class Operating:
    """``seconds`` used up in the last ten minutes; in ``resets_in`` seconds the oldest minute of them drops out.

    ``growth`` is by how many seconds they grew from one command of a batch to the next; None for a single one.
    """

    seconds: float
    resets_in: float | None
    growth: float | None = None


def read_operating(block: Json) -> Operating | None:
    """What a ``time`` block says; None when it does not, as on old portals and on a box.

    The block's own ``finish`` is the clock, so ours may be wrong.
    """
    times = as_map(block)
    seconds, reset_at, now = (_number(times.get(name)) for name in ("operating", "operating_reset_at", "finish"))
    if seconds is None and reset_at is None:
        return None
    resets_in = None if reset_at is None else min(WINDOW, max(0.0, reset_at - (time.time() if now is None else now)))
    return Operating(seconds or 0.0, resets_in)


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
