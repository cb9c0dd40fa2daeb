"""What the status of a run looks like to callers (DESIGN §5)."""

from dataclasses import asdict, dataclass
from datetime import datetime

from shared.engine.clock import Clock
from shared.engine.job import Jobs
from shared.engine.runs.failures import failures_of
from shared.engine.runs.outages import Outages
from shared.engine.runs.progress import EntityProgress, assemble
from shared.engine.runs.undone import undo_figures
from shared.engine.runs.verdicts import judged, proven_entities, verdict_of
from shared.engine.runs.waiting import parked, waiting
from shared.model.json import JsonObject
from shared.model.ledger import Counts, PageState
from shared.model.plan import Plan
from shared.model.run import Run
from shared.ports.evidence import by_method, merged
from shared.ports.stores import Stores


@dataclass(slots=True)
class Statuses:
    """Answers status requests from the ledger."""

    jobs: Jobs
    stores: Stores
    outages: Outages
    clock: Clock

    async def of(self, run: Run) -> JsonObject:
        """The whole status of one run."""
        rows = await self.stores.ledger.scan(run.run_id)
        entities = await self.stores.ledger.entities(run.run_id)
        plan = self.jobs.plan_of(run.plan)
        progress = assemble(plan, run.entities, run.run_id, entities, rows)
        total = Counts.total(entity.counts for entity in progress.values())
        target_calls = merged(*(entity.target_calls for entity in progress.values()))
        looked_at = sum(_looked_at(entity.proven) for entity in progress.values())
        rate = self._rate(run, total.extracted + _handled(total) + looked_at)
        waits = await self._waits(run, progress)
        proven = proven_entities(run, plan, progress)
        gates = judged(run, plan, progress) if run.state.ended and not run.undone else []
        return {
            **summary(run),
            "phase": "rollback" if run.undo else None,
            "rollback": undo_figures(run, rows),
            "entities": {
                name: {
                    **_entity(entity, archived_only=plan.entity(name).archive_only),
                    **_proof(run, name in proven, entity),
                    "waiting": waits[name],
                }
                for name, entity in progress.items()
            },
            "gates": [gate.document() for gate in gates],
            "calls": {"source": total.source_calls, "target": sum(target_calls.values())},
            "storage_transactions": sum(entity.transactions for entity in progress.values()) or None,
            "source_methods": by_method(merged(*(entity.calls for entity in progress.values()))),
            "target_methods": by_method(target_calls),
            "failures": failures_of(progress.values()).document(),
            "rate": rate,
            "eta_seconds": _eta(run, plan, progress, rate),
        }

    async def _waits(self, run: Run, progress: dict[str, EntityProgress]) -> dict[str, JsonObject | None]:
        """What each entity waits for; nothing does in a run that does not work."""
        now = self.clock.seconds()
        rows = {name: parked(entity, now) if run.state.works else [] for name, entity in progress.items()}
        outages = await self.outages.of(run.run_id) if any(rows.values()) else []
        return {name: waiting(found, outages) for name, found in rows.items()}

    def _rate(self, run: Run, done: int) -> float | None:
        """Records per second since the start, all stages counted."""
        seconds = ((run.finished_at or self.clock.now()) - run.started_at).total_seconds()
        return round(done / seconds, 2) if seconds > 0 and done else None


def summary(run: Run) -> JsonObject:
    """What the run's own row tells."""
    return {
        "run_id": run.run_id,
        "plan": run.plan,
        "mode": run.mode.value,
        "state": run.state.value,
        "started_at": _instant(run.started_at),
        "started_by": run.started_by,
        "finished_at": _instant(run.finished_at),
        "reason": run.reason,
        "message": run.message,
        "waiting_on": run.waiting_on,
        "waiting_since": _instant(run.waiting_since),
        "waiting_reason": run.waiting_reason,
        "actions": list(run.actions),
        "rolled_back": list(run.undone),
        "options": asdict(run.options),
    }


def _entity(entity: EntityProgress, *, archived_only: bool) -> JsonObject:
    counts = entity.counts
    done = sum(row.state is not PageState.PENDING for row in entity.pages)
    return {
        "pages": {"total": len(entity.pages) if entity.extracted else None, "done": done},
        "archived_only": archived_only,
        "expected": entity.row.expected,
        "extracted": counts.extracted,
        "imported": counts.imported,
        "created": counts.created,
        "updated": counts.updated,
        "patched": counts.patched,
        "made_again": _handled(entity.again) + entity.again.patched,
        "sent_again": entity.again.imported + entity.again.patched,
        "unresolved": counts.unresolved,
        "flawed": counts.flawed,
        "placeholders": counts.placeholders,
        "left_out": counts.left_out,
        "skipped": counts.skipped,
        "duplicate": counts.duplicate,
        "failed": counts.failed,
        "dead_lettered": counts.dead_lettered,
        "blocked_by": entity.row.blocked_by,
        "message": entity.row.message,
        "incomplete": entity.row.incomplete,
        "since": entity.row.since,
        "deleted_at_source": no_longer(entity.no_longer),
        "coverage": entity.coverage,
        "undecided": entity.undecided,
    }


def _proof(run: Run, asked: bool, entity: EntityProgress) -> JsonObject:
    """What the proof says; nothing where there is none, or not yet, or where what was proven was rolled back."""
    verdict = verdict_of(run, entity) if asked and entity.name not in run.undone else None
    figures = entity.proven
    return {
        "verdict": None if verdict is None else verdict.value,
        "verified": figures.verified,
        "differing": figures.differing,
        "missing": figures.missing,
    }


def no_longer(counts: Counts) -> JsonObject:
    """Records that the source has no more: how many of the ``compared``, and what became of them at the target."""
    return {
        "compared": counts.known,
        "gone": counts.gone,
        "unseen": counts.unseen,
        "deleted": counts.deleted,
        "held": counts.held,
        "kept": counts.kept,
    }


def _handled(counts: Counts) -> int:
    return counts.imported + counts.skipped + counts.duplicate + counts.failed + counts.left_out


def _looked_at(proof: Counts) -> int:
    return proof.verified + proof.differing + proof.missing + proof.absent + proof.unread


def _eta(run: Run, plan: Plan, progress: dict[str, EntityProgress], rate: float | None) -> float | None:
    """Seconds left at the rate so far; None while the source's own counts are not known."""
    if run.state.ended:
        return 0.0
    proven = proven_entities(run, plan, progress)
    left = [
        _left(entity, archive_only=plan.entity(name).archive_only, proves=name in proven)
        for name, entity in progress.items()
    ]
    known = [count for count in left if count is not None]
    if rate is None or len(known) < len(left):
        return None
    return round(sum(known) / rate, 1)


def _left(entity: EntityProgress, *, archive_only: bool, proves: bool) -> int | None:
    """Records still to be read, imported and proven, added up; None while nobody knows how many there are."""
    if entity.blocked:
        return 0
    counts = entity.counts
    expected = counts.extracted if entity.extracted else entity.row.expected
    if expected is None:
        return None
    to_import = 0 if archive_only else max(0, expected - _handled(counts))
    to_prove = max(0, expected - _looked_at(entity.proven)) if proves else 0
    return max(0, expected - counts.extracted) + to_import + to_prove


def _instant(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
