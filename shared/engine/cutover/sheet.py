"""The go / no-go sheet: what speaks for switching, and what against it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from shared.engine.runs.proving import WHOLE
from shared.engine.runs.verdicts import Verdict
from shared.model.cutover import Cutover, CutoverAction, CutoverState
from shared.model.json import JsonObject, as_list, as_map
from shared.model.plan import Plan
from shared.model.run import Run, RunMode, RunState


class Word(StrEnum):
    """What a line says."""

    GO = "go"
    NO_GO = "no_go"
    ATTENTION = "attention"  # for a person to weigh: it holds nothing up


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what was looked at, what it says, and why."""

    check: str
    says: Word
    detail: str


def sheet(cutover: Cutover, plan: Plan, runs: Sequence[tuple[Run, JsonObject]]) -> list[Line]:
    """``runs`` are those linked, oldest first, each with its status (DESIGN §5)."""
    begun = cutover.last(CutoverAction.START)
    if cutover.state is CutoverState.NOT_BEGUN or begun is None:
        return [Line("window", Word.NO_GO, "the read-only window has not begun")]
    since = datetime.fromisoformat(begun.at)
    inside = [(run, status) for run, status in runs if run.started_at >= since]
    return [
        Line("window", Word.GO, f"nobody writes at the source since {begun.at}, says {begun.by}"),
        *_final_delta(plan, [one for one in inside if one[0].mode.writes]),
        *_proof(plan, [one for one in inside if one[0].mode in WHOLE]),
        *_order([run for run, _ in inside]),
        *_missed(plan, [run for run, _ in inside]),
    ]


def goes(lines: Iterable[Line]) -> bool:
    """Whether nothing speaks against it."""
    return all(one.says is not Word.NO_GO for one in lines)


def document(lines: Iterable[Line]) -> list[JsonObject]:
    """As callers get it."""
    return [asdict(one) for one in lines]


def _final_delta(plan: Plan, runs: Sequence[tuple[Run, JsonObject]]) -> list[Line]:
    if not runs:
        return [Line("final_delta", Word.NO_GO, "no delta that began inside the window is linked")]
    run, status = runs[-1]
    lines = [_run("final_delta", plan, run)]
    left = {}
    for name, entity in as_map(status.get("entities")).items():
        told = as_map(as_map(entity).get("deleted_at_source"))
        if count := int(told.get("gone", 0)) - int(told.get("deleted", 0)):
            left[name] = count
    what = ", ".join(f"{count} {name}" for name, count in left.items())
    if left:
        lines.append(Line("deletions", Word.ATTENTION, f"deleted at the source and still at the target: {what}"))
    return lines


def _proof(plan: Plan, runs: Sequence[tuple[Run, JsonObject]]) -> list[Line]:
    if not runs:
        return [Line("proof", Word.NO_GO, "no run that began inside the window has compared both sides whole")]
    run, status = runs[-1]
    gates = (_gate(as_map(one)) for one in as_list(status.get("gates")))
    return [_run("proof", plan, run), *_verdicts(status), *gates]


def _run(check: str, plan: Plan, run: Run) -> Line:
    """A run that was undone, or is about a part of the plan, is none to go by."""
    left_out = [one.name for one in plan.entities if not one.archive_only and one.name not in run.entities]
    says = Word.GO if run.state is RunState.COMPLETED and not run.undone and not left_out else Word.NO_GO
    lacks = f", and not about {', '.join(left_out)}" if left_out else ""
    return Line(check, says, f"{run.run_id} ({run.mode.value}) is {run.state.value}{lacks}{_why(run)}")


def _verdicts(status: JsonObject) -> list[Line]:
    """What is not simply proven. A person has to accept what the source does not show, and what others put there."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, entity in as_map(status.get("entities")).items():
        if (verdict := as_map(entity).get("verdict")) not in (Verdict.PROVEN, None):
            found[str(verdict)].append(name)
    heavy = (Verdict.UNVERIFIED, Verdict.NOT_ASKED)
    return [
        Line(f"verdict {verdict}", Word.NO_GO if verdict in heavy else Word.ATTENTION, ", ".join(names))
        for verdict, names in found.items()
    ]


def _order(runs: Sequence[Run]) -> list[Line]:
    """What is written after a proof was not looked at by it; a run that writes may be its own proof."""
    proof = next((run for run in reversed(runs) if run.mode in WHOLE), None)
    last = next((run for run in reversed(runs) if run.mode.writes), None)
    if proof is None or last is None or proof is last or proof.started_at >= (last.finished_at or last.started_at):
        return []
    return [Line("proof_before_delta", Word.NO_GO, f"{proof.run_id} began before {last.run_id} had ended")]


def _gate(gate: JsonObject) -> Line:
    """A gate that nobody asked about holds nothing up, and is told."""
    says = {"passed": Word.GO, "not_asked": Word.ATTENTION}.get(str(gate.get("result")), Word.NO_GO)
    return Line(f"gate {gate.get('gate')}", says, f"{gate.get('result')}: {gate.get('detail')}")


def _missed(plan: Plan, runs: Sequence[Run]) -> list[Line]:
    """What deltas do not find, unless a run inside the window has read it all, or from long ago on."""
    if any(run.mode is RunMode.FULL or run.since is not None for run in runs):
        return []
    told = [f"{one.name}: {one.delta.misses}" for one in plan.entities if one.delta is not None and one.delta.misses]
    return [Line("missed_by_deltas", Word.ATTENTION, "; ".join(told))] if told else []


def _why(run: Run) -> str:
    undone = f", but for {', '.join(run.undone)}: rolled back" if run.undone else ""
    return undone + (f": {run.message}" if run.message else "")
