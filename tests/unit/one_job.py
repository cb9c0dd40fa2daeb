"""A single plan with its systems, for whoever asks for plans by name."""

from dataclasses import dataclass

from shared.engine.job import Job, NotConfigured
from shared.model.plan import Plan


@dataclass
class OneJob:
    """The job, or what is missing for it."""

    job: Job
    missing: str | None = None

    def plan_of(self, _name: str) -> Plan:
        return self.job.plan

    def of(self, _plan: str) -> Job:
        if self.missing:
            raise NotConfigured(self.missing)
        return self.job
