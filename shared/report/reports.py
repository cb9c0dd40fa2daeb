"""Puts the report of a run together: everything in it comes from the ledger, or is said not to be known."""

import asyncio
from dataclasses import dataclass

from shared.engine.clock import Clock
from shared.engine.cutover.cutovers import Cutovers
from shared.engine.dead_letters.grouping import by_cause
from shared.engine.job import Jobs, NotConfigured
from shared.engine.letters import letters_of
from shared.engine.proof.proofs import Proofs
from shared.engine.runs.flaws import KINDS, Flaws
from shared.engine.runs.status import Statuses
from shared.model.json import JsonObject
from shared.model.run import Run
from shared.ports.stores import Stores
from shared.report.arrived import ENDS, arrived
from shared.report.asked import asked, instant
from shared.report.calls import effort, evidence
from shared.report.cost import Quantities, estimate
from shared.report.cutting_over import cutting_over
from shared.report.fields import coverage
from shared.report.signing import headline, sign_off

VERSION = 1
"""Of the document's shape."""

MOST_FLAWS = 200
MOST_CAUSES = 100
"""That are named one by one; the others are counted."""


@dataclass(slots=True)
class Reports:
    """Reports of runs that work are those of the moment; ``made_at`` tells which."""

    jobs: Jobs
    stores: Stores
    statuses: Statuses
    proofs: Proofs
    flaws: Flaws
    cutovers: Cutovers
    clock: Clock

    async def of(self, run: Run) -> JsonObject:
        """See ``Report`` in the OpenAPI document. What is not known is null."""
        plan = self.jobs.plan_of(run.plan)
        status, proof, causes, listed, binding, cutover = await asyncio.gather(
            self.statuses.of(run),
            self.proofs.of(run),
            by_cause(letters_of(self.stores.dead_letters, run.run_id)),
            self.flaws.page(run, MOST_FLAWS),
            self.stores.runs.binding(run.plan),
            self.cutovers.of(plan),
        )
        entities = status["entities"]
        came = arrived(plan, entities)
        request = asked(run, plan, binding)
        flaws = _counted_flaws(entities)
        document = {
            "version": VERSION,
            "made_at": instant(self.clock.now().replace(microsecond=0)),
            "headline": headline(proof),
            "asked": request,
            "arrived": came,
            "proof": {name: proof[name] for name in ("sample", "passed", "gates", "entities")},
            "visibility": _visibility(entities),
            "fields": self._fields(run, entities),
            "dead_letters": {
                "total": sum(cause["count"] for cause in causes),
                "causes": causes[:MOST_CAUSES],
                "more_causes": max(0, len(causes) - MOST_CAUSES),
            },
            "flaws": {
                "counts": flaws,
                "items": [one.document() for one in listed[0]],
                "complete": listed[1] is None,
            },
            "cutover": cutting_over(cutover, run.run_id),
            "read_only": evidence(status["source_methods"]),
            "calls": effort(status["source_methods"], status["target_methods"], status["failures"]),
            "cost": estimate(
                Quantities(
                    sum(one["extracted"] for one in entities.values()),
                    sum(came["total"][end] for end in ENDS),
                    request["seconds"],
                    status["storage_transactions"],
                )
            ),
        }
        return {**document, "sign_off": sign_off(document)}

    def _fields(self, run: Run, entities: dict[str, JsonObject]) -> JsonObject | None:
        """None where the plan's systems are not configured here, so that its mappings cannot be had."""
        try:
            return coverage(self.jobs.of(run.plan).mappings, entities)
        except NotConfigured:
            return None


def _visibility(entities: dict[str, JsonObject]) -> JsonObject:
    """What is known of what the source shows, by entity; only those of which something is."""
    told = ("blocked_by", "message", "incomplete", "coverage")
    found = {name: {key: entity[key] for key in told} for name, entity in entities.items()}
    return {name: one for name, one in found.items() if one["blocked_by"] or one["incomplete"] or one["coverage"]}


def _counted_flaws(entities: dict[str, JsonObject]) -> JsonObject:
    counted = {name: {kind: entity[kind] for kind in KINDS} for name, entity in entities.items()}
    return {name: counts for name, counts in counted.items() if any(counts.values())}
