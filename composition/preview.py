"""What a run of a plan would do: how much there is, how long it takes, what stands in its way. Nothing is written."""

import asyncio
from collections.abc import Container, Sequence
from dataclasses import asdict, dataclass

from composition.durations import Delivery, deliveries, source_seconds
from composition.examining import plan_checks
from composition.flags import switch_checks
from shared.engine.job import Job, Jobs, Pace
from shared.model.errors import PortageError
from shared.model.json import Json, JsonObject
from shared.model.plan import Plan
from shared.model.records import Capabilities
from shared.ports.stores import Stores
from shared.ports.surveys import EntitySize, Survey
from shared.ports.systems import Check, Severity
from shared.settings.configuration import Configuration

_GRAVITY = tuple(Severity)
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Preview:
    """Asks both systems of a plan. Raises KeyError for an unknown plan and NotConfigured when they are not set."""

    configuration: Configuration
    stores: Stores
    jobs: Jobs

    async def of(self, plan: str, entities: Sequence[str], arrived: frozenset[str]) -> JsonObject:
        """``{"plan", "entities", "totals", "findings", "webhooks", "modules", "target"}``.

        ``arrived`` are entities that earlier runs brought in. A system that does not answer is a finding; what it would
        have told is null.
        """
        job = self.jobs.of(plan)
        entities = job.plan.with_what_they_follow(entities)
        checks, survey, target = await asyncio.gather(
            plan_checks(job, self.stores), _surveyed(job, entities), _described(job)
        )
        sizes, lacking = survey.entities, _lacking(checks)
        written = {one.name for one in job.plan.entities if not one.archive_only}
        writes = deliveries(sizes, written, target)
        return {
            "plan": plan,
            "entities": [_entity(size, writes.get(size.name), lacking.get(size.name, ())) for size in sizes],
            "totals": self._totals(survey, list(writes.values())),
            "findings": _findings(
                [
                    *switch_checks(self.configuration, plan),
                    *_gaps(job.plan, entities, arrived),
                    *checks,
                    *_unread(sizes, lacking),
                    *_missed_by_deltas(job.plan),
                ],
                entities,
                written,
            ),
            "webhooks": list(survey.callers),
            "modules": list(survey.modules),
            "target": None if target is None else asdict(target),
        }

    def _totals(self, survey: Survey, writes: Sequence[Delivery]) -> JsonObject:
        """Of what is known; ``incomplete`` names the entities whose records or calls are not."""
        calls = sum(size.calls or 0 for size in survey.entities)
        settings = self.configuration.settings
        reading = source_seconds(calls, survey, settings.source_rate, settings.source_burst)
        writing = sum(one.seconds for one in writes)
        media = survey.media
        return {
            "records": sum(size.count or 0 for size in survey.entities),
            "source_calls": calls,
            "target_calls": sum(one.calls for one in writes),
            "proof_calls": sum(one.proof for one in writes),
            "hours": _hours(max(reading, writing)),
            "source_hours": _hours(reading),
            "target_hours": _hours(writing),
            "media_bytes": None if media is None else media.bytes,
            "media_files": None if media is None else media.files,
            "media_note": None if media is None else media.note,
            "stored_bytes": survey.stored_bytes,
            "incomplete": [size.name for size in survey.entities if size.count is None or size.calls is None],
        }


async def _surveyed(job: Job, entities: Sequence[str]) -> Survey:
    """Without numbers when the source gives none; why, is said by its checks."""
    try:
        return await job.source.survey(entities, Pace().ranges)
    except PortageError as error:
        note = f"could not be asked: {error.message}"
        return Survey(tuple(EntitySize(name, note=note) for name in entities))


async def _described(job: Job) -> Capabilities | None:
    """None when the target does not answer; why, is said by its checks."""
    try:
        return await job.target.capabilities()
    except PortageError:
        return None


def _entity(size: EntitySize, delivery: Delivery | None, lacking: Sequence[str]) -> JsonObject:
    """``lacking`` names the findings because of which less will come than is counted."""
    less = [f"some or all of it will not come, see {', '.join(lacking)}"] if lacking else []
    return {
        "name": size.name,
        "count": size.count,
        "count_note": "; ".join([*([size.note] if size.note else []), *less]) or None,
        "estimated": size.estimated,
        "calls": size.calls,
        "target_calls": None if delivery is None else delivery.calls,
        "proof_calls": None if delivery is None else delivery.proof,
    }


def _gaps(plan: Plan, entities: Sequence[str], arrived: frozenset[str]) -> list[Check]:
    """Why a run of these entities alone would be refused."""
    needs = [(name, gap, "is read along") for name, gap in plan.unread_parents(entities).items()]
    needs += [
        (name, lacking, "needs")
        for name, gap in plan.missing_requirements(entities).items()
        if (lacking := [need for need in gap if need not in arrived])
    ]
    return [
        Check(
            name,
            False,
            f"{verb} {', '.join(gap)}, which the run would be without",
            f"Add {', '.join(gap)} to the entities{', or run before what is needed' if verb == 'needs' else ''}",
            "preview.entity_missing",
            entities=(name,),
        )
        for name, gap, verb in needs
    ]


def _lacking(checks: Sequence[Check]) -> dict[str, list[str]]:
    """By entity: the failed checks of the source that concern it in particular."""
    lacking: dict[str, list[str]] = {}
    for check in checks:
        for entity in check.entities if not check.ok and not check.code.startswith("target.") else ():
            lacking.setdefault(entity, []).append(check.name)
    return lacking


def _unread(sizes: Sequence[EntitySize], told: Container[str]) -> list[Check]:
    """What has neither a count nor an idea of the calls, by the reason; findings tell of what is ``told`` already."""
    by_note: dict[str, list[str]] = {}
    for size in sizes:
        if size.count is None and size.calls is None and size.name not in told:
            by_note.setdefault(size.note or "not known", []).append(size.name)
    return [
        Check(
            f"size of {', '.join(names)}",
            False,
            note,
            "See the other findings; then ask again",
            "preview.not_counted",
            Severity.WARNING,
            tuple(names),
        )
        for note, names in by_note.items()
    ]


def _missed_by_deltas(plan: Plan) -> list[Check]:
    """What only a full run finds."""
    told = {one.name: one.delta.misses for one in plan.entities if one.delta is not None and one.delta.misses}
    detail = "; ".join(f"{name}: {what}" for name, what in told.items())
    found = Check(
        "missed by deltas",
        ok=True,
        detail=f"{detail}. A full run finds them",
        code="delta.misses",
        severity=Severity.INFO,
        entities=tuple(told),
    )
    return [found] if told else []


def _findings(checks: Sequence[Check], entities: Sequence[str], written: set[str]) -> list[Json]:
    """The gravest first. What concerns other entities than these is left out."""
    chosen = set(entities)
    told = [one for one in checks if (not one.ok or one.severity is Severity.INFO) and _concerns(one, chosen, written)]
    told.sort(key=lambda one: _GRAVITY.index(one.severity))
    return [
        {
            "severity": one.severity.value,
            "code": one.code,
            "message": f"{one.name}: {one.detail}",
            "fix": one.fix,
            "entities": [name for name in entities if name in one.entities],
        }
        for one in told
    ]


def _concerns(check: Check, chosen: set[str], written: set[str]) -> bool:
    """A target has to know what is written alone."""
    concerned = chosen & written if check.code.startswith("target.") else chosen
    return not check.entities or not concerned.isdisjoint(check.entities)


def _hours(seconds: float) -> float:
    return round(seconds / _HOUR, 4)
