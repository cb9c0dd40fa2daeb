"""Verdicts: what a run's proof says of each entity, and whether the plan's gates are passed.

Both are sums over ledger rows. A figure that should have been readable and was not makes them unverified: that is never
taken for good. What was not looked at is ``not_asked``: nobody is told that it is proven, or that it differs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.engine.runs.failures import Failures, failures_of
from shared.engine.runs.progress import EntityProgress
from shared.engine.runs.proving import WHOLE, is_through
from shared.model.json import Json, JsonObject
from shared.model.ledger import Counts, PageState
from shared.model.plan import Plan
from shared.model.run import Run, RunMode
from shared.transform.files import FILES

_NOT_READABLE = ("source.denied", "source.method_missing")

_NOT_LISTED = "a delta does not list the target"
_NONE_READABLE = "the source shows none of these entities"


class Verdict(StrEnum):
    """What is known of an entity."""

    PROVEN = "proven"  # all that should be at the target is there, as it should be, and nothing else
    DIFFERS = "differs"  # something is missing, differs, leads to nothing, or should not be there
    UNVERIFIED = "unverified"  # a figure that should have been readable was not
    NOT_READABLE = "not_readable"  # the source does not show the entity to these webhooks
    NOT_ASKED = "not_asked"  # a delta had nothing of it to read back, and looks at nothing else


class Outcome(StrEnum):
    """How a gate stands. What a run did not look at at all (a delta lists nothing) is ``not_asked``."""

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

    @property
    def fine(self) -> bool:
        """Whether it holds nothing up."""
        return self.outcome in (Outcome.PASSED, Outcome.NOT_ASKED)

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


def verdict_of(run: Run, entity: EntityProgress) -> Verdict | None:
    """None while the proof is not through."""
    if entity.blocked:
        return Verdict.NOT_READABLE if entity.row.blocked_by in _NOT_READABLE else Verdict.UNVERIFIED
    proof = entity.proven
    if any((wrong(proof), proof.extra, proof.foreign)):
        return Verdict.DIFFERS
    if _unverified(entity):
        return Verdict.UNVERIFIED
    if not (entity.settled and is_through(run, entity)):
        return None
    return Verdict.PROVEN if run.mode in WHOLE or proof.verified else Verdict.NOT_ASKED


def wrong(proof: Counts) -> int:
    """Records and links that are not at the target as they should be."""
    return proof.missing + proof.differing + proof.orphaned


def read_back(run: Run, entity: EntityProgress) -> bool:
    """Whether every slice of it was looked at at the target; so it is if there was none."""
    if entity.blocked:
        return not entity.slices
    return is_through(run, entity) and all(row.reason is None for row in entity.verifications)


def judged(run: Run, plan: Plan, progress: Mapping[str, EntityProgress]) -> list[GateResult]:
    """The plan's gates, in their order; none of them of a run that proves nothing."""
    cases = {name: _Case.of(run, one) for name, one in proven_entities(run, plan, progress).items()}
    gates, found = plan.gates, []
    if not cases:
        return []
    if gates.counts_match:
        found.append(_counts(run, cases))
    if gates.sample_equal is not None:
        found.append(_sample(gates.sample_equal, cases))
    if gates.orphans is not None:
        found.append(_orphans(run, gates.orphans, cases))
    if gates.images is not None and FILES in cases:
        found.append(_images(run, gates.images, cases[FILES]))
    if gates.dead_letters is not None:
        found.append(_dead_letters(gates.dead_letters, cases))
    if gates.retries is not None:
        found.append(_retries(gates.retries, failures_of(progress.values())))
    return found


@dataclass(frozen=True, slots=True)
class _Case:
    """An entity as gates judge it. ``unsure``: figures are not to be relied on, or not there yet."""

    proof: Counts
    counts: Counts
    verdict: Verdict | None
    unsure: bool

    @classmethod
    def of(cls, run: Run, entity: EntityProgress) -> "_Case":
        verdict = verdict_of(run, entity)
        unsure = entity.blocked or _unverified(entity) or not (entity.settled and is_through(run, entity))
        return cls(entity.proven, entity.counts, verdict, unsure)


def _unverified(entity: EntityProgress) -> bool:
    """Whether part of the source was not read, or of the target."""
    unread = any(row.state is PageState.DEAD for row in entity.pages) or bool(entity.row.incomplete)
    return unread or any(row.reason is not None for row in entity.proof)


def _readable(cases: Mapping[str, _Case]) -> dict[str, _Case]:
    return {name: one for name, one in cases.items() if one.verdict is not Verdict.NOT_READABLE}


def _not_asked(gate: str, wanted: Json, detail: str) -> GateResult:
    return GateResult(gate, Outcome.NOT_ASKED, wanted, None, detail)


def _counts(run: Run, cases: Mapping[str, _Case]) -> GateResult:
    name, readable = "counts_match", _readable(cases)
    if run.mode not in WHOLE:
        return _not_asked(name, True, _NOT_LISTED)
    if not readable:
        return _not_asked(name, True, _NONE_READABLE)
    off = [f"{key}: {told}" for key, one in readable.items() if (told := _mismatch(key, one))]
    unsure = [f"{key}: not verified" for key, one in readable.items() if one.unsure]
    outcome = Outcome.FAILED if off else Outcome.UNVERIFIED if unsure else Outcome.PASSED
    return GateResult(name, outcome, True, not off, "; ".join([*off, *unsure]) or f"{len(readable)} entities")


def _mismatch(name: str, case: _Case) -> str | None:
    """Expected at the target is what the source gave, each record once, without what was given up or left behind.

    What is ``kept`` at the target are files that nothing shows any more, and that cannot be deleted.
    """
    if case.unsure:
        return None
    proof = case.proof
    expected = proof.verified + proof.differing + proof.missing + proof.placeholders - proof.repeated
    if proof.listed - proof.kept != expected:
        return f"{expected} expected, {proof.listed - proof.kept} at the target"
    if name != FILES and proof.counted != proof.listed:
        return f"the target counts {proof.counted} and lists {proof.listed}"
    if proof.missing and proof.extra:
        return f"{proof.missing} missing and {proof.extra} that should not be there"
    return None


def _sample(wanted: float, cases: Mapping[str, _Case]) -> GateResult:
    name, proof = "sample_equal", Counts.total(one.proof for one in cases.values())
    unsure = bool(proof.unread) or any(one.verdict is None for one in cases.values())
    if not proof.sampled and not unsure:
        return _not_asked(name, wanted, "no record was made anew")
    share = 1 - proof.unequal / proof.sampled if proof.sampled else None
    none = [key for key, one in cases.items() if one.proof.verified and not one.proof.sampled]
    detail = f"{proof.unequal} of {proof.sampled} records made anew differ"
    return _by_share(name, wanted, share, f"{detail}; none of {', '.join(none)}" if none else detail, unsure=unsure)


def _orphans(run: Run, wanted: int, cases: Mapping[str, _Case]) -> GateResult:
    name, readable = "orphans", _readable(cases)
    if run.mode not in WHOLE:
        return _not_asked(name, wanted, _NOT_LISTED)
    if not readable:
        return _not_asked(name, wanted, _NONE_READABLE)
    found = {key: one.proof.orphaned for key, one in readable.items() if one.proof.orphaned}
    total = sum(found.values())
    unsure = any(one.unsure for one in readable.values())
    outcome = Outcome.FAILED if total > wanted else Outcome.UNVERIFIED if unsure else Outcome.PASSED
    detail = ", ".join(f"{key}: {count}" for key, count in found.items()) or "no link leads to nothing"
    return GateResult(name, outcome, wanted, total, detail)


def _images(run: Run, wanted: float, files: _Case) -> GateResult:
    """Of all files that should have arrived, what the source could not give too. One must have been opened."""
    name, proof, lost = "images", files.proof, files.counts.dead_lettered
    if files.verdict is Verdict.NOT_ASKED and not lost:
        return _not_asked(name, wanted, "no file was looked at")
    due = proof.verified + proof.differing + proof.missing + proof.unread + lost
    good = proof.verified - proof.unopened
    share = good / due if due else None
    detail = f"{good} of {due} files are as the source has them; {proof.sampled} were fetched and opened"
    told = _by_share(name, wanted, share, detail, unsure=files.unsure or bool(due and not proof.sampled))
    if told.outcome is Outcome.UNVERIFIED and not files.unsure and not run.options.sample:
        return _not_asked(name, wanted, f"{detail}, since the run has no sample")
    return told


def _dead_letters(wanted: float, cases: Mapping[str, _Case]) -> GateResult:
    dead = sum(one.counts.dead_lettered for one in cases.values())
    records = sum(one.counts.extracted for one in cases.values())
    share = dead / records if records else 0.0
    outcome = Outcome.PASSED if share < wanted or not dead else Outcome.FAILED
    return GateResult("dead_letters", outcome, wanted, round(share, 6), f"{dead} of {records} records")


def _retries(wanted: float, failures: Failures) -> GateResult:
    detail = f"{failures.resolved} of {failures.resolved + failures.persistent} failures that may pass did"
    return _by_share("retries", wanted, failures.resolved_share, detail, unsure=False)


def _by_share(gate: str, wanted: float, share: float | None, detail: str, *, unsure: bool) -> GateResult:
    """A share that has to be reached; None: it was looked for, and there is nothing of which there could be one."""
    if share is not None and share < wanted:
        outcome = Outcome.FAILED
    else:
        outcome = Outcome.UNVERIFIED if unsure else Outcome.PASSED
    return GateResult(gate, outcome, wanted, None if share is None else round(share, 6), detail)
