"""Verdicts: what a run's proof says of each entity, and whether the plan's gates are passed.

Both are sums over ledger rows. A figure that should have been readable and was not makes them unverified: that is never
taken for good.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.engine.runs.failures import Failures, failures_of
from shared.engine.runs.progress import EntityProgress
from shared.engine.runs.proving import WHOLE
from shared.model.json import Json, JsonObject
from shared.model.ledger import Counts, PageState
from shared.model.plan import Plan
from shared.model.run import Run, RunMode
from shared.transform.files import FILES

_NOT_READABLE = ("source.denied", "source.method_missing")


class Verdict(StrEnum):
    """What is known of an entity."""

    PROVEN = "proven"  # all that should be at the target is there, as it should be, and nothing else
    DIFFERS = "differs"  # something is missing, differs, leads to nothing, or should not be there
    UNVERIFIED = "unverified"  # a figure that should have been readable was not
    NOT_READABLE = "not_readable"  # the source does not show the entity to these webhooks


class Outcome(StrEnum):
    """How a gate stands. What a run does not look at at all (a delta lists nothing) is ``not_asked``."""

    PASSED = "passed"
    FAILED = "failed"
    UNVERIFIED = "unverified"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate: what the plan wants, what was found, and in words where."""

    gate: str
    outcome: Outcome
    wanted: Json
    found: Json
    detail: str

    def document(self) -> JsonObject:
        """As callers get it."""
        return {
            "gate": self.gate,
            "result": self.outcome.value,
            "wanted": self.wanted,
            "found": self.found,
            "detail": self.detail,
        }


def proven_entities(run: Run, plan: Plan, progress: Mapping[str, EntityProgress]) -> dict[str, EntityProgress]:
    """Those that a proof is about: what is only archived is not at the target."""
    if run.mode is RunMode.DRY_RUN:
        return {}
    return {name: one for name, one in progress.items() if not plan.entity(name).archive_only}


def verdict_of(entity: EntityProgress) -> Verdict | None:
    """None while the proof is not through."""
    if entity.blocked:
        return Verdict.NOT_READABLE if entity.row.blocked_by in _NOT_READABLE else Verdict.UNVERIFIED
    proof = entity.proven
    if any((wrong(proof), proof.extra, proof.foreign)):
        return Verdict.DIFFERS
    if _unverified(entity):
        return Verdict.UNVERIFIED
    proving = entity.settled and (entity.proof or not entity.slices)
    through = proving and all(row.state is not PageState.PENDING for row in entity.proof)
    return Verdict.PROVEN if through else None


def wrong(proof: Counts) -> int:
    """Records and links that are not at the target as they should be."""
    return proof.missing + proof.differing + proof.orphaned


def judged(run: Run, plan: Plan, progress: Mapping[str, EntityProgress]) -> list[GateResult]:
    """The plan's gates, in their order; none of them of a run that proves nothing."""
    entities = proven_entities(run, plan, progress)
    gates, found = plan.gates, []
    if not entities:
        return []
    if gates.counts_match:
        found.append(_counts(run, entities))
    if gates.sample_equal is not None:
        found.append(_sample(gates.sample_equal, entities))
    if gates.orphans is not None:
        found.append(_orphans(run, gates.orphans, entities))
    if gates.images is not None and FILES in entities:
        found.append(_images(gates.images, entities[FILES]))
    if gates.dead_letters is not None:
        found.append(_dead_letters(gates.dead_letters, entities))
    if gates.retries is not None:
        found.append(_retries(gates.retries, failures_of(progress.values())))
    return found


def _unsure(entity: EntityProgress) -> bool:
    """Whether figures of an entity are not to be relied on, or not there yet (the run was ended before)."""
    return entity.blocked or _unverified(entity) or verdict_of(entity) is None


def _unverified(entity: EntityProgress) -> bool:
    """Whether part of the source was not read, or of the target."""
    unread = any(row.state is PageState.DEAD for row in entity.pages) or bool(entity.row.incomplete)
    return unread or any(row.reason is not None for row in entity.proof)


def _counts(run: Run, entities: Mapping[str, EntityProgress]) -> GateResult:
    name = "counts_match"
    if run.mode not in WHOLE:
        return GateResult(name, Outcome.NOT_ASKED, True, None, "a delta does not list the target")
    readable = {key: one for key, one in entities.items() if verdict_of(one) is not Verdict.NOT_READABLE}
    off = [f"{key}: {told}" for key, one in readable.items() if (told := _mismatch(one))]
    unsure = [f"{key}: not verified" for key, one in readable.items() if _unsure(one)]
    outcome = Outcome.FAILED if off else Outcome.UNVERIFIED if unsure else Outcome.PASSED
    return GateResult(name, outcome, True, not off, "; ".join([*off, *unsure]) or f"{len(readable)} entities")


def _mismatch(entity: EntityProgress) -> str | None:
    """Expected at the target is what the source gave, each record once, without what was given up or left behind."""
    if _unsure(entity):
        return None
    proof = entity.proven
    expected = proof.verified + proof.differing + proof.missing + proof.placeholders - proof.repeated
    if proof.listed != expected:
        return f"{expected} expected, {proof.listed} at the target"
    if entity.name != FILES and proof.counted != proof.listed:
        return f"the target counts {proof.counted} and lists {proof.listed}"
    return None


def _sample(wanted: float, entities: Mapping[str, EntityProgress]) -> GateResult:
    proof = _sum(entities)
    share = 1 - proof.unequal / proof.sampled if proof.sampled else None
    detail = f"{proof.unequal} of {proof.sampled} records made anew differ"
    unsure = bool(proof.unread) or any(verdict_of(one) is None for one in entities.values())
    return _by_share("sample_equal", wanted, share, detail, unsure=unsure)


def _orphans(run: Run, wanted: int, entities: Mapping[str, EntityProgress]) -> GateResult:
    if run.mode not in WHOLE:
        return GateResult("orphans", Outcome.NOT_ASKED, wanted, None, "a delta does not list the target")
    found = {name: one.proven.orphaned for name, one in entities.items() if one.proven.orphaned}
    total = sum(found.values())
    unsure = any(_unsure(one) for one in entities.values() if verdict_of(one) is not Verdict.NOT_READABLE)
    outcome = Outcome.FAILED if total > wanted else Outcome.UNVERIFIED if unsure else Outcome.PASSED
    detail = ", ".join(f"{name}: {count}" for name, count in found.items()) or "no link leads to nothing"
    return GateResult("orphans", outcome, wanted, total, detail)


def _images(wanted: float, files: EntityProgress) -> GateResult:
    """Of all files that should have arrived: what the source could not give, too."""
    proof, lost = files.proven, files.counts.dead_lettered
    due = proof.verified + proof.differing + proof.missing + proof.unread + lost
    good = proof.verified - proof.unopened
    share = good / due if due else None
    detail = f"{good} of {due} files are as the source has them; {proof.sampled} were fetched and opened"
    return _by_share("images", wanted, share, detail, unsure=_unsure(files))


def _dead_letters(wanted: float, entities: Mapping[str, EntityProgress]) -> GateResult:
    dead = sum(one.counts.dead_lettered for one in entities.values())
    records = sum(one.counts.extracted for one in entities.values())
    share = dead / records if records else 0.0
    outcome = Outcome.PASSED if share < wanted or not dead else Outcome.FAILED
    return GateResult("dead_letters", outcome, wanted, round(share, 6), f"{dead} of {records} records")


def _retries(wanted: float, failures: Failures) -> GateResult:
    detail = f"{failures.resolved} of {failures.resolved + failures.persistent} failures that may pass did"
    return _by_share("retries", wanted, failures.resolved_share, detail, unsure=False)


def _by_share(gate: str, wanted: float, share: float | None, detail: str, *, unsure: bool) -> GateResult:
    """A share that has to be reached; of nothing at all there is none, which is well."""
    if share is not None and share < wanted:
        outcome = Outcome.FAILED
    else:
        outcome = Outcome.UNVERIFIED if unsure else Outcome.PASSED
    return GateResult(gate, outcome, wanted, None if share is None else round(share, 6), detail)


def _sum(entities: Mapping[str, EntityProgress]) -> Counts:
    return Counts.total(one.proven for one in entities.values())
