"""The proof of a run as callers get it: figures and verdict of each entity, what was found, and the gates."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.engine.job import Jobs
from shared.engine.proof.keeping import kept
from shared.engine.runs.flaws import Place
from shared.engine.runs.progress import EntityProgress, assemble
from shared.engine.runs.status import no_longer, summary
from shared.engine.runs.verdicts import GateResult, Verdict, judged, proven_entities, verdict_of
from shared.model.json import JsonObject
from shared.model.ledger import PageState, Stage
from shared.model.run import Run, RunState
from shared.ports.stores import Stores
from shared.transform.files import FILES

FIGURES = (
    "extracted",
    "verified",
    "differing",
    "missing",
    "absent",
    "unread",
    "sampled",
    "unequal",
    "unopened",
    "orphaned",
    "extra",
    "foreign",
    "placeholders",
    "dead_lettered",
    "findings",
)
"""Counts of an entity's proof. ``absent`` are known not to be there: they were given up, or stay behind."""

_UNDONE = "rolled back since: what was found of it before does not hold any more"

_UNTOUCHED = "the run had nothing of it to read back, and looked at nothing else"

MOST_FINDINGS = 100
"""Findings of an entity that are named in its proof; ``findings`` gives them all, page by page."""


@dataclass(slots=True)
class Proofs:
    """Puts proofs together from the ledger and the blobs of those rows alone that found something."""

    jobs: Jobs
    stores: Stores

    async def of(self, run: Run) -> JsonObject:
        """See ``Proof`` in the OpenAPI document. Of a dry run it has no entities, for nothing is proven."""
        plan = self.jobs.plan_of(run.plan)
        rows = await self.stores.ledger.scan(run.run_id)
        progress = assemble(plan, run.entities, run.run_id, await self.stores.ledger.entities(run.run_id), rows)
        entities = proven_entities(run, plan, progress)
        told = summary(run)
        gates = judged(run, plan, progress) if run.state.ended and not run.undone else []
        return {
            **{name: told[name] for name in ("run_id", "plan", "mode", "state", "finished_at", "rolled_back")},
            "sample": run.options.sample,
            "passed": _passed(run, gates) if run.state.ended and _asked(run, entities.values()) else None,
            "gates": [gate.document() for gate in gates],
            "entities": {name: await self._entity(run, one) for name, one in entities.items()},
        }

    async def findings(
        self, run: Run, size: int, *, entity: str | None = None, after: Place | None = None
    ) -> tuple[list[JsonObject], Place | None]:
        """Up to ``size`` findings behind ``after``, each with its entity; and the place to go on from, None at the end.

        Reads no more blobs than it takes.
        """
        rows = await self.stores.ledger.scan(run.run_id, entity=entity)
        known = await self.stores.ledger.entities(run.run_id)
        progress = assemble(self.jobs.plan_of(run.plan), run.entities, run.run_id, known, rows)
        proof = [row for one in progress.values() for row in one.proof]
        found, following = await kept(self.stores.archive, proof, size, after)
        return [{"entity": place.entity, **document} for place, document in found], following

    async def _entity(self, run: Run, entity: EntityProgress) -> JsonObject:
        undone = entity.name in run.undone
        verdict = None if undone else verdict_of(run, entity)
        findings, _ = await kept(self.stores.archive, entity.proof, MOST_FINDINGS)
        return {
            "verdict": None if verdict is None else verdict.value,
            "reasons": [_UNDONE] if undone else [_UNTOUCHED] if verdict is Verdict.NOT_ASKED else _reasons(entity),
            "coverage": entity.coverage,
            "figures": _figures(entity),
            "deleted_at_source": no_longer(entity.no_longer),
            "findings": [document for _, document in findings],
            "more": entity.proven.findings - len(findings),
        }


def _passed(run: Run, gates: list[GateResult]) -> bool:
    """What was cancelled, failed or undone, be it in part, has no proof that anybody could sign."""
    complete = run.state in (RunState.COMPLETED, RunState.COMPLETED_WITH_ERRORS) and not run.undone
    return complete and all(gate.fine for gate in gates)


def _asked(run: Run, entities: Iterable[EntityProgress]) -> bool:
    """Whether anything was looked at, or should have been."""
    return any(verdict_of(run, one) is not Verdict.NOT_ASKED for one in entities)


def _figures(entity: EntityProgress) -> JsonObject:
    proof, counts = entity.proven, entity.counts
    here = {name: getattr(proof, name) for name in FIGURES}
    listed = bool(entity.listings) and all(
        row.state is PageState.DONE and row.reason is None for row in entity.listings
    )
    counted = entity.name != FILES and any(row.state is PageState.DONE and row.reason is None for row in entity.strays)
    return {
        **here,
        "extracted": counts.extracted,
        "dead_lettered": counts.dead_lettered,
        "expected": entity.row.expected,
        "counted": proof.counted if counted else None,
        "listed": proof.listed if listed else None,
    }


def _reasons(entity: EntityProgress) -> list[str]:
    """What stands behind a verdict that is no proof."""
    found = [f"{entity.row.blocked_by}: {entity.row.message}"] if entity.row.blocked_by else []
    if entity.row.incomplete:
        found.append(f"incomplete, for it follows what could not be read: {entity.row.incomplete}")
    if dead := sum(row.state is PageState.DEAD for row in entity.pages):
        found.append(f"{dead} pages of the source were given up")
    refused = {(row.key.stage, row.reason) for row in entity.proof if row.reason}
    words = {Stage.VERIFY: "records could not be read back", Stage.COMPARE: "the list or count was not to be had"}
    return [*found, *sorted(f"{words[stage]}: {reason}" for stage, reason in refused)]
