"""The checks of one plan, for the doctor and for a preview: both systems, and what binds the plan to them."""

import asyncio
from collections.abc import Awaitable

from shared.engine.job import Job
from shared.engine.runs.schema import schema_checks
from shared.model.errors import PortageError
from shared.ports.stores import Stores
from shared.ports.systems import Check

_REBIND = (
    "Put the settings back to the portal and the target that this plan began with, "
    "or give a new pair a storage account of its own"
)


async def plan_checks(job: Job, stores: Stores) -> list[Check]:
    """Source, target, its schema and binding, asked side by side; what is away hides nothing of the others."""
    plan = job.plan.name
    groups = await asyncio.gather(
        _tried(f"{plan}: source", job.source.checks()),
        _tried(f"{plan}: target", job.target.checks()),
        _tried(f"{plan}: schema", schema_checks(job, job.plan.names)),
        _tried(f"{plan}: binding", _binding(job, stores)),
    )
    return [check for group in groups for check in group]


def not_asked(name: str, error: PortageError, advice: str | None = None) -> Check:
    """The check was not made: a system that it needs gave no answer, or not to us."""
    detail = f"could not be asked: {error.message} ({error.reason.code})"
    fix = (advice or error.reason.hint).removesuffix(".")
    return Check(name, False, detail, f"{fix}; then ask again", error.reason.code)


async def _tried(name: str, work: Awaitable[list[Check]]) -> list[Check]:
    try:
        return await work
    except PortageError as error:
        return [not_asked(name, error)]


async def _binding(job: Job, stores: Stores) -> list[Check]:
    """Whether the plan's id map belongs to this portal and this store; a run that writes insists on both."""
    name = f"{job.plan.name}: binding"
    bound = await stores.runs.binding(job.plan.name)
    portal = await job.source.identity()
    if bound is not None and bound[0] != portal:
        detail = f"the id map belongs to portal {bound[0]}, not to {portal}"
        return [Check(name, False, detail, _REBIND, "binding.other_portal")]
    store_id = (await job.target.capabilities()).store_id
    if bound is None:
        return [Check(name, True, "the id map belongs to nobody yet; the first run that writes binds it")]
    if bound[1] != store_id:
        detail = "the id map belongs to another store than the target's"
        return [Check(name, False, detail, _REBIND, "binding.other_store")]
    return [Check(name, True, "the id map belongs to this portal and this store")]
