"""``portage doctor``: every setting with its source, and every system tried."""

import asyncio
from collections.abc import Awaitable
from dataclasses import asdict, dataclass

from shared.engine.job import Jobs
from shared.model.errors import PortageError
from shared.model.json import JsonObject
from shared.ports.stores import Stores
from shared.ports.systems import Check
from shared.settings.model import Settings, describe


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
                checks.append(Check(f"plan {plan}", False, str(error), "Set what is missing and restart"))
                continue
            groups = await asyncio.gather(
                _tried(f"{plan}: source", job.source.checks()), _tried(f"{plan}: target", job.target.checks())
            )
            checks.extend(check for group in groups for check in group)
        return {"settings": describe(self.settings), "checks": [asdict(check) for check in checks]}

    async def _storage(self) -> Check:
        try:
            await self.stores.shared.read("doctor", "probe")
            await self.stores.archive.names("raw/none")
        except PortageError as error:
            return Check("storage", False, error.message, "Check AzureWebJobsStorage and the network to it")
        return Check("storage", True, "tables and blobs answer")


async def _tried(name: str, work: Awaitable[list[Check]]) -> list[Check]:
    try:
        return await work
    except PortageError as error:
        return [Check(name, False, error.message, error.reason.hint)]
