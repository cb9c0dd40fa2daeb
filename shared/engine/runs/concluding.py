"""What a run comes to at its end: its state, with the reason for a state that is not simply completed.

A run is completed when nothing was left behind, the target was read back, and the plan's gates are passed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.engine.runs.progress import EntityProgress
from shared.engine.runs.verdicts import GateResult, Outcome, Verdict, judged, proven_entities, verdict_of
from shared.model.ledger import EntityRow, PageState
from shared.model.plan import Plan
from shared.model.run import Run, RunState


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How a run ends. ``reason`` and ``message`` are None where nothing but single records stands against it."""

    state: RunState
    reason: str | None = None
    message: str | None = None


def conclusion(run: Run, plan: Plan, entities: Sequence[EntityProgress]) -> Conclusion:
    """``failed`` when every entity is blocked.

    An entity that the source does not offer is shown as such, and is no error unless it was asked for by name. What was
    rolled back before a part of the run was done again should not be at the target: it is not judged, nor are gates.
    """
    whole_plan = run.entities == plan.names
    against = next(_against(run, plan, entities, whole_plan=whole_plan), None)
    if all(entity.blocked for entity in entities):
        row = next(entity.row for entity in entities)
        return Conclusion(RunState.FAILED, row.blocked_by, _told(row))
    if against is not None:
        return Conclusion(RunState.COMPLETED_WITH_ERRORS, *against)
    given_up = any(entity.counts.dead_lettered for entity in entities)
    return Conclusion(RunState.COMPLETED_WITH_ERRORS if given_up else RunState.COMPLETED)


def _against(
    run: Run, plan: Plan, entities: Sequence[EntityProgress], *, whole_plan: bool
) -> Iterator[tuple[str | None, str]]:
    """(reason, message) of all that speaks against an end that is simply completed, the gravest first."""
    for entity in entities:
        if entity.blocked and not (whole_plan and _not_offered(entity)):
            yield entity.row.blocked_by, _told(entity.row)
    by_name = {one.name: one for one in entities}
    proven = proven_entities(run, plan, by_name)
    for entity in entities:
        if entity.row.incomplete:
            yield "proof.unverified" if proven else None, _told(entity.row)
    if stayed := _stayed(entities):
        yield stayed
    there = [one for one in proven.values() if one.name not in run.undone]
    if refuted := _refuted(there):
        yield "proof.differs", f"The target is not as it should be: {refuted}"
    open_gates = [gate for gate in ([] if run.undone else judged(run, plan, by_name)) if not gate.fine]
    if failed := [gate for gate in open_gates if gate.outcome is Outcome.FAILED]:
        yield "proof.gate_failed", _gates(failed)
    if unsure := [_unsure(one) for one in there if verdict_of(run, one) is Verdict.UNVERIFIED]:
        yield "proof.unverified", f"Neither proven nor refuted: {', '.join(unsure)}"
    if open_gates:
        yield "proof.unverified", _gates(open_gates)


def _told(row: EntityRow) -> str:
    what = row.message if row.blocked_by else f"incomplete, for it follows what could not be read: {row.incomplete}"
    return f"{row.entity}: {what}"


def _stayed(entities: Sequence[EntityProgress]) -> tuple[str, str] | None:
    """Why records may stay at the target that should be deleted there, and which."""
    for one in entities:
        if dead := next((row for row in one.missing if row.state is PageState.DEAD), None):
            message = f"{one.name}: what the source has no more could not be seen to"
            return dead.reason or "page.crashed_worker", message
    counts = {one.name: one.no_longer for one in entities}
    held = [f"{count.held} of {count.known} {name}" for name, count in counts.items() if count.held]
    if held:
        return "deletes.braked", f"too many to be believed: {', '.join(held)}"
    kept = [f"{count.kept} {name}" for name, count in counts.items() if count.kept]
    return ("deletes.refused", f"the target keeps {', '.join(kept)}") if kept else None


def _refuted(entities: Iterable[EntityProgress]) -> str:
    """Where the target is not as it should be, in words; what others put there does not count."""
    found = []
    for entity in entities:
        proof = entity.proven
        named = ((proof.missing, "missing"), (proof.differing, "that differ"), (proof.orphaned, "links to nothing"))
        if parts := [f"{count} {words}" for count, words in named if count]:
            found.append(f"{entity.name}: {', '.join(parts)}")
    return "; ".join(found)


def _gates(gates: Iterable[GateResult]) -> str:
    return "; ".join(f"gate {gate.gate}: {gate.detail}" for gate in gates)


def _unsure(entity: EntityProgress) -> str:
    """Which, and the reasons of what was not read."""
    rows = (*(row for row in entity.pages if row.state is PageState.DEAD), *entity.proof)
    reasons = sorted({row.reason for row in rows if row.reason})
    return f"{entity.name} ({', '.join(reasons)})" if reasons else entity.name


def _not_offered(entity: EntityProgress) -> bool:
    return entity.row.blocked_by == "source.method_missing" and not entity.pages
