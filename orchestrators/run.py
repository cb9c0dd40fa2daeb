"""Drives one generation of a run: tick by tick, until nothing is left or nobody may act.

The ledger holds all state, so a generation carries a handful of scalars and its history stays small whatever the
portal's size: at most ``TICKS`` ticks, then it continues as new.
"""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

from orchestrators.contract import ADVANCE_RUN, BIND_RUN, OPEN_ENTITY

TICKS = 40
CHUNK = 50
SHORTEST_PAUSE = 0.25
PAUSE = 1
LONGEST_PAUSE = 15
GROWTH = 0.25
"""Share of the time without progress that a pause may take: what ends is noticed soon, by its own measure."""


def run(context: Any) -> Generator[Any, Any, dict[str, Any]]:
    """Input: ``{"run_id", "epoch"}`` and, after continue-as-new, what the generation knew."""
    job = context.get_input()
    ids = {"run_id": job["run_id"], "epoch": job["epoch"]}
    bound = job.get("bound", False)
    done, idle = job.get("done", -1), job.get("idle", 0.0)
    for _ in range(TICKS):
        tick = yield context.call_activity(ADVANCE_RUN, {**ids, "bound": bound})
        if tick["stop"]:
            return {**ids, "ticks": "ended"}
        opened = False
        if not bound:
            bound = yield context.call_activity(BIND_RUN, ids)
            opened = bound
        else:
            for start in range(0, len(tick["open"]), CHUNK):
                chunk = tick["open"][start : start + CHUNK]
                answers = yield context.task_all(
                    [context.call_activity(OPEN_ENTITY, {**ids, "entity": entity}) for entity in chunk]
                )
                opened = opened or any(answers)
        if opened:
            idle = 0.0
            continue
        if tick["moved"] or tick["done"] != done:
            idle = 0.0
        shortest = SHORTEST_PAUSE if tick["near"] else PAUSE
        pause = min(LONGEST_PAUSE, max(shortest, idle * GROWTH))
        if tick["due"] is not None:  # what waits for an instant is not kept waiting until the end of a long pause
            pause = min(pause, max(PAUSE, tick["due"]))
        done, idle = tick["done"], idle + pause
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=pause))
    context.continue_as_new({**ids, "bound": bound, "done": done, "idle": idle})
    return {**ids, "ticks": "continued"}
