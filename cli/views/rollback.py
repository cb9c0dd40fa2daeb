"""Rollbacks: what one takes, how far it is, and what it left."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, Self

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from cli.failures import Failure
from cli.run_status import RunStatus
from cli.views.run import away_line, rollback_line, waiting_line
from cli.views.text import clean, number
from shared.model.json import JsonObject, as_list, as_map

_COUNTS = ("created", "updated", "deleted", "placeholders")
_TOTALS_SECONDS = 10.0


def preview_view(preview: JsonObject) -> RenderableType:
    """A table of what would be undone, and what there is to know before."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("entity", no_wrap=True)
    for name in _COUNTS:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    stays = as_list(preview.get("stays"))
    for name, counts in as_map(preview.get("entities")).items():
        note = "stays: the target cannot undo it" if name in stays else ""
        table.add_row(clean(name), *(number(as_map(counts).get(count)) for count in _COUNTS), note)
    lines = []
    if along := as_list(preview.get("may_go_along")):
        lines.append(f"records of these that refer to what goes may go along: {', '.join(map(str, along))}")
    if later := as_list(preview.get("later")):
        lines.append(f"runs that may have written since: {', '.join(map(str, later))}; undo them first, in this order,")
        lines.append("or what they changed or deleted stays as they left it")
    if any(as_map(one).get("open_slices") for one in as_map(preview.get("entities")).values()):
        lines.append("the run did not end by itself: what it wrote last is not counted here, and undone all the same")
    return Group(table, *(Text(clean(line)) for line in lines))


def records_in(preview: JsonObject) -> int:
    """How many records a rollback is about, as far as they were counted."""
    entities = [as_map(one) for one in as_map(preview.get("entities")).values()]
    return sum(int(one.get(name) or 0) for one in entities for name in _COUNTS)


class Left(NamedTuple):
    """Why records of one entity were left, or went unasked."""

    entity: str
    outcome: str
    why: str

    @staticmethod
    def of(item: JsonObject) -> "Left":
        """From a record of the API."""
        why = ": ".join(str(item[name]) for name in ("reason", "hint") if item.get(name))
        return Left(str(item.get("entity") or "?"), str(item.get("outcome") or "?"), why)


def left_view(items: Sequence[JsonObject]) -> RenderableType:
    """A line for each record that was kept, failed, or went along unasked, with the reason."""
    return Group(*(Text(clean(_left(item))) for item in items))


def reasons_view(counts: Counter[Left]) -> RenderableType:
    """How many records were left for which reason, the most frequent first."""
    lines = [f"{number(count)} x {left.entity} {left.outcome}: {left.why}" for left, count in counts.most_common()]
    return Group(Text("in all:"), *(Text(clean(line)) for line in lines))


def _left(item: JsonObject) -> str:
    record = " ".join(str(item[name]) for name in ("entity", "source_id") if item.get(name))
    left = Left.of(item)
    return f"{record}: {left.outcome}{f': {left.why}' if left.why else ''}"


class Bar:
    """A Follower for a terminal: records done of those that there are."""

    def __init__(self, console: Console, total: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, console=console, transient=True)
        self._task = self._progress.add_task("rolling back", total=max(total, 1))

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, status: RunStatus) -> None:
        """Move on."""
        waiting = f", waiting on {status.waiting_on}" if status.waiting_on else ""
        done = sum(status.rolled_back.values())
        self._progress.update(self._task, completed=done, description=clean(f"rolling back{waiting}"))

    def away(self, failure: Failure, since: datetime) -> None:
        """Say that the bar is old."""
        self._progress.update(self._task, description=clean(away_line(failure, since)))


class Said:
    """A Follower for logs and pipes: a line when it begins to wait or stops waiting, and counts now and then."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told = ""
        self._due = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, status: RunStatus) -> None:
        """Say what is new in it."""
        if status.waiting_on:
            self._tell(f"rollback of {status.run_id}: {waiting_line(status)}")
        elif status.rolling_back and time.monotonic() >= self._due:
            self._due = time.monotonic() + _TOTALS_SECONDS
            self._tell(rollback_line(status))

    def away(self, failure: Failure, since: datetime) -> None:
        """Say it once."""
        self._tell(away_line(failure, since))

    def _tell(self, line: str) -> None:
        if line != self._told:
            self._told = line
            self._say(line)
