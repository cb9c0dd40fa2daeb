"""``portage doctor``: every setting with its source, and every system tried."""

import asyncio
from collections.abc import Awaitable
from dataclasses import asdict, dataclass

from shared.engine.job import Job, Jobs
from shared.model.errors import PortageError
from shared.model.json import JsonObject
from shared.ports.stores import Stores
from shared.ports.systems import Check
from shared.settings.model import Settings, SettingsError, describe, describe_wrong

_REBIND = (
    "Put the settings back to the portal and the target that this plan began with, "
    "or give a new pair a storage account of its own"
)


@dataclass(slots=True)
class Doctor:
    """Examines this installation; writes nothing but one small row of its own."""

    settings: Settings
    stores: Stores
    jobs: Jobs
    plan_names: tuple[str, ...]

    async def examine(self) -> JsonObject:
        """``{"settings": [{"name", "value", "source"}], "checks": [{"name", "ok", "detail", "fix"}]}``."""
        checks = [await self._storage()]
        for plan in self.plan_names:
            try:
                job = self.jobs.of(plan)
            except ValueError as error:
                checks.append(
                    Check(f"plan {plan}", False, str(error), "Set or correct it and restart the function app")
                )
                continue
            groups = await asyncio.gather(
                _tried(f"{plan}: source", job.source.checks()),
                _tried(f"{plan}: target", job.target.checks()),
                _tried(f"{plan}: binding", self._binding(plan, job)),
            )
            checks.extend(check for group in groups for check in group)
        return {"settings": describe(self.settings), "checks": [asdict(check) for check in checks]}

    async def _storage(self) -> Check:
        try:
            await self.stores.shared.read("doctor", "probe")
            await self.stores.archive.names("raw/none")
        except PortageError as error:
            return _not_asked("storage", error, "Check AzureWebJobsStorage and the network to it")
        return Check("storage", True, "tables and blobs answer")

    async def _binding(self, plan: str, job: Job) -> list[Check]:
        """Whether the plan's id map belongs to this portal and this store; a run that writes insists on both."""
        name = f"{plan}: binding"
        bound = await self.stores.runs.binding(plan)
        portal = await job.source.identity()
        if bound is not None and bound[0] != portal:
            return [Check(name, False, f"the id map belongs to portal {bound[0]}, not to {portal}", _REBIND)]
        store_id = (await job.target.capabilities()).store_id
        if bound is None:
            return [Check(name, True, "the id map belongs to nobody yet; the first run that writes binds it")]
        if bound[1] != store_id:
            return [Check(name, False, "the id map belongs to another store than the target's", _REBIND)]
        return [Check(name, True, "the id map belongs to this portal and this store")]


def unconfigured(error: SettingsError) -> JsonObject:
    """What ``examine`` would answer, while settings make no sense and nothing can be tried with them."""
    checks = [
        Check(f"setting {name}", False, expected, f"Correct {name} and restart the function app")
        for name, expected in error.wrong.items()
    ]
    return {"settings": describe_wrong(error), "checks": [asdict(check) for check in checks]}


async def _tried(name: str, work: Awaitable[list[Check]]) -> list[Check]:
    try:
        return await work
    except PortageError as error:
        return [_not_asked(name, error, error.reason.hint)]


def _not_asked(name: str, error: PortageError, advice: str) -> Check:
    """The check was not made: a system that it needs gave no answer, or not to us."""
    detail = f"could not be asked: {error.message} ({error.reason.code})"
    return Check(name, False, detail, f"{advice.removesuffix('.')}; then ask the doctor again")
