"""Drafting: the row of a run as it begins."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.engine.clock import Clock
from shared.engine.delta.watermarks import Watermarks
from shared.engine.job import Job
from shared.engine.runs.following import followed
from shared.engine.runs.request import RunRequest
from shared.model.run import Run, RunMode, RunState
from shared.ports.stores import Stores
from shared.ports.tracing import traceparent


@dataclass(frozen=True, slots=True)
class Drafting:
    """Puts together what a run has to know of those before it."""

    stores: Stores
    clock: Clock

    def of(self, job: Job, request: RunRequest, who: str) -> Run:
        """A run that is not written yet, with an id of its own. It knows of no others."""
        now = self.clock.now()
        return Run(
            run_id=f"run-{now:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}",
            plan=request.plan,
            mode=request.mode,
            state=RunState.QUEUED,
            epoch=1,
            entities=request.entities or job.plan.names,
            started_at=now,
            started_by=who,
            plan_hash=job.plan.digest,
            options=request.options,
            since=request.since,
            trace=traceparent(),
        )

    async def after_others(self, job: Job, request: RunRequest, run: Run) -> Run:
        """``run`` with all that it has to know of those before it. To be asked when it has the lock.

        One that began and ended before that came first, though the draft is older.
        """
        before, since = await self.stores.runs.list(plan=request.plan), await self._since(job, request)
        return replace(
            run,
            started_at=self.clock.now(),
            reads_since=since,
            remade=await Watermarks(self.stores.shared).remade(job.plan, since),
            repeats=any(one.left_something for one in before),
            follows=await self._followed(request, before),
        )

    async def _followed(self, request: RunRequest, before: Sequence[Run]) -> str | None:
        """The run whose seals a new one may believe; one that repairs looks at everything."""
        if not request.mode.writes or request.options.repair:
            return None
        return await followed(self.stores.idmaps.of(request.plan), before)

    async def _since(self, job: Job, request: RunRequest) -> dict[str, str]:
        """From when on a delta reads, by entity."""
        if request.mode is not RunMode.DELTA:
            return {}
        names = request.entities or job.plan.names
        found = await Watermarks(self.stores.shared).since(job.plan, names, request.since)
        return {entity: moment.isoformat() for entity, moment in found.items()}
