"""The status of one run: a headline, its entities, pace and what it waits for, and what to do next."""

from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.text import Text

from cli.deletions import deletion_lines
from cli.failures import Failure
from cli.run_status import EntityStatus, RunStatus
from cli.views.progress import Progress
from cli.views.text import clean, clock, duration, instant, number
from cli.views.undecided import undecided_summary
from shared.model.reasons import REASONS
from shared.model.run import RunMode, RunState

_STYLES = {
    RunState.COMPLETED: "green",
    RunState.COMPLETED_WITH_ERRORS: "yellow",
    RunState.PAUSED: "yellow",
    RunState.HALTED: "red",
    RunState.FAILED: "red",
}

_NOT_IMPORTED = {
    "skipped": "unchanged",
    "duplicate": "in the target before",
    "dead_lettered": "failed for good",
}

_MOMENTS = 10.0
"""Seconds that are not worth a word: pages wait so long for their turn all the time."""

_OF_ANOTHER_PLAN = "plan.changed"
"""Why a run is halted that has to be started anew."""

_FINE_GATES = ("passed", "not_asked")

_SHORT = {
    "flawed": "with a field that went in empty or incomplete",
    "unresolved": "with a link to something that the target does not have",
    "left_out": "left out",
    "placeholders": "people made up in the target who are gone from the source",
}


def run_view(status: RunStatus, *, notes: tuple[str, ...] = (), most_lines: int | None = None) -> RenderableType:
    """Everything about one run. ``notes`` come last; ``most_lines`` limits the entities to a terminal's height."""
    style = next((style for state, style in _STYLES.items() if state == status.state), "")
    headline = Text.assemble(
        clean(f"run {status.run_id}  {status.plan}  {status.mode}  "), (clean(status.state), f"bold {style}".strip())
    )
    stopped = [stopped_line(entity) for entity in status.entities]
    waiting = "; ".join(filter(None, (waiting_line(status), waiting_details(status))))
    at_work = () if status.waiting_on else status.entities
    resting = [line for entity in at_work if (line := resting_line(entity))]
    lines = [
        *stopped,
        *resting,
        rollback_line(status),
        _when(status),
        pace_line(status),
        waiting,
        *outcome_lines(status),
        *notes,
    ]
    return Group(
        headline,
        *([Progress(status.entities, dry=status.dry, most_lines=most_lines)] if status.entities else []),
        *(Text(clean(line)) for line in lines if line),
    )


def rollback_line(status: RunStatus) -> str:
    """What the last rollback did, or has done so far; empty of a run that nobody rolled back."""
    counts = ", ".join(f"{number(count)} {name}" for name, count in status.rolled_back.items())
    if not counts:
        return "rolling back" if status.rolling_back else ""
    if status.rolling_back:
        return f"rolling back: {counts}"
    began, ended = status.rollback_began, status.rollback_ended
    when = f"; from {instant(began)} to {instant(ended)}" if began and ended else ""
    return f"rolled back: {counts}{when}"


def pace_line(status: RunStatus) -> str:
    """Rate, time left and calls, as far as they are known."""
    parts = []
    if status.rate is not None and not status.at_rest:
        parts.append(f"{number(status.rate)} records/s")
    if status.eta_seconds is not None and not status.at_rest:
        parts.append(f"about {duration(status.eta_seconds)} left")
    if status.calls:
        parts.append("calls: " + ", ".join(f"{number(calls)} {side}" for side, calls in status.calls.items()))
    return "; ".join(parts)


def waiting_line(status: RunStatus) -> str:
    """Which side is out, and since when; empty while none is."""
    if status.waiting_on is None or status.at_rest:
        return ""
    when = f" since {clock(status.waiting_since)}" if status.waiting_since else ""
    return f"waiting on {status.waiting_on}{when}"


def waiting_details(status: RunStatus) -> str:
    """What that side said last, which may differ each time, and what happens next."""
    if status.waiting_on is None or status.at_rest:
        return ""
    return "; ".join(filter(None, (status.waiting_reason, "the run goes on by itself when it answers")))


def resting_line(entity: EntityStatus) -> str:
    """How much of an entity is put away for longer than moments, why and until when; empty when nothing is."""
    wait = entity.wait
    if wait is None or (wait.until - datetime.now(tz=UTC)).total_seconds() < _MOMENTS:
        return ""
    pages = "1 page waits" if wait.pages == 1 else f"{number(wait.pages)} pages wait"
    return f"{entity.name}: {pages} until {clock(wait.until)}{f', {wait.why}' if wait.why else ''}"


def away_line(failure: Failure, since: datetime) -> str:
    """That the API has been away since then, and why this time."""
    return f"no useful answer from the API since {clock(since)}, still trying: {failure.message}"


def outcome_lines(status: RunStatus) -> list[str]:
    """Why a run stands still or ended as it did, and the command that helps."""
    lines = []
    if status.reason or status.message:
        lines.append(_explained(status.reason, status.message))
    if status.state == RunState.HALTED and status.reason == _OF_ANOTHER_PLAN and not status.rolling_back:
        lines.append(
            f"it cannot go on: portage cancel {status.run_id}, then portage run {status.plan}; what is in stays"
        )
    elif status.state in (RunState.PAUSED, RunState.HALTED):
        lines.append(f"go on with: portage resume {status.run_id}")
    if status.at_rest:
        lines += failure_lines(status)
    if status.ended:
        standing = [entity for entity in status.entities if entity.name not in status.undone]
        lines += [line for entity in standing if (line := shortfall_line(entity))]
        lines += deletion_lines({entity.name: entity.gone for entity in standing})
        lines += [line] if (line := undecided_summary(status)) else []
        if any(any(entity.shortfalls.values()) for entity in standing):
            lines.append(f"which records these are: portage flaws {status.run_id}")
        lines += gate_lines(status)
    return lines


def failure_lines(status: RunStatus) -> list[str]:
    """How many records failed for good, of how many, and of which entities; nothing where none did.

    Those that were read are among the counts of failed ones; the others are dead letters alone.
    """
    totals = status.totals
    dead, read = totals["dead_lettered"], totals["failed"]
    if not dead:
        return []
    among = f" of {number(status.attempted)} records attempted" if status.attempted else ""
    parts = [f"{number(count)} {one.name}" for one in status.entities if (count := one.counts["dead_lettered"])]
    unread = f"; {number(read)} had been read, {number(dead - read)} could not be" if read < dead else ""
    return [f"{number(dead)}{among} failed for good: {', '.join(parts)}{unread}"]


def gate_lines(status: RunStatus) -> list[str]:
    """What the proof came to; nothing of a run that has none. What was undone is not proven any more."""
    if status.undone:
        return [f"rolled back, and so not proven any more: {', '.join(status.undone)}"]
    open_ones = [f"{gate} ({result})" for gate, result in status.gates.items() if result not in _FINE_GATES]
    if open_ones:
        return [f"gates that are not passed: {', '.join(open_ones)}; look with: portage verify {status.run_id}"]
    if not status.gates:
        return []
    if not status.verdicts:
        return ["nothing is proven: the run had nothing to read back"]
    others = [f"{name} ({verdict})" for name, verdict in status.verdicts.items() if verdict != "proven"]
    lines = [f"read back, and not simply proven: {', '.join(others)}"] if others else []
    if status.mode == RunMode.DELTA:
        rest = f"the rest of the target it did not look at: portage verify --plan {status.plan} does"
        return lines or [f"what this run wrote is read back and proven; {rest}"]
    unasked = ", ".join(gate for gate, result in status.gates.items() if result == "not_asked")
    but = f" but those not asked about: {unasked}" if unasked else ""
    return [*lines, f"{'' if others else 'read back and proven: '}all gates are passed{but}"]


def shortfall_line(entity: EntityStatus) -> str:
    """What an entity lacks though nothing failed, and what could be seen of it; empty for one that is whole."""
    parts = [
        f"{number(entity.shortfalls.get(name, 0))} {words}"
        for name, words in _SHORT.items()
        if entity.shortfalls.get(name)
    ]
    parts += [f"{name.replace('_', ' ')}: {number(count)}" for name, count in entity.coverage.items() if count]
    if entity.incomplete:
        parts.append(f"incomplete, for these could not be read: {entity.incomplete}")
    return f"{entity.name}: {', '.join(parts)}" if parts else ""


def verdict_line(status: RunStatus) -> str:
    """What came of a run that ended, in one sentence; empty for one that did not."""
    if not status.ended:
        return ""
    totals = status.totals
    imported = totals["imported"]
    if status.dry:
        done = f"would import {number(imported) if imported else 'nothing'}"
    else:
        done = f"{number(imported)} imported" if imported else "nothing was imported"
    rest = [f"{number(totals[name])} {words}" for name, words in _NOT_IMPORTED.items() if totals[name]]
    if again := sum(entity.sent_again for entity in status.entities):
        rest.append(f"{number(again)} sent again, for what they link to came or went")
    if status.state == RunState.ROLLED_BACK:
        left = [f"{number(count)} {name}" for name in ("kept", "failed") if (count := status.rolled_back.get(name))]
        return f"run {status.run_id}: {', '.join(['rolled back', *left])}; before that: {', '.join([done, *rest])}"
    written = "; nothing was written" if status.dry else ""
    gone = f"; {status.gone.words}" if status.gone.words else ""
    return f"run {status.run_id}: {status.state.replace('_', ' ')}; {', '.join([done, *rest])}{written}{gone}"


def stopped_line(entity: EntityStatus) -> str:
    """Why an entity alone was stopped; empty when it was not."""
    return f"{entity.name}: stopped, {_explained(entity.stopped_by, entity.message)}" if entity.stopped_by else ""


def _explained(reason: str | None, message: str | None) -> str:
    """A reason with the API's words about it and what a person can do."""
    told = ": ".join(text for text in (reason, message) if text)
    return f"{told} - {REASONS[reason].hint}" if reason in REASONS else told


def _when(status: RunStatus) -> str:
    if status.started_at is None:
        return ""
    end = status.finished_at
    took = duration(((end or datetime.now(tz=UTC)) - status.started_at).total_seconds())
    if end:
        return f"started {instant(status.started_at)}, finished {instant(end)}, took {took}"
    return f"started {instant(status.started_at)}, {took} ago"
