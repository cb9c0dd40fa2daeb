"""``portage doctor``: every setting with its source, and every system tried."""

from dataclasses import asdict, dataclass

from composition.examining import not_asked, plan_checks
from shared.engine.job import Jobs
from shared.model.errors import PortageError
from shared.model.json import JsonObject
from shared.ports.stores import Stores
from shared.ports.systems import Check
from shared.settings.model import Settings, SettingsError, describe, describe_wrong


@dataclass(slots=True)
class Doctor:
    """Examines this installation; writes nothing but one small row of its own."""

    settings: Settings
    stores: Stores
    jobs: Jobs
    plan_names: tuple[str, ...]

    async def examine(self) -> JsonObject:
        """``{"settings": [{"name", "value", "source"}], "checks": […]}``, a check as ``Check`` has it."""
        checks = [await self._storage()]
        for plan in self.plan_names:
            try:
                job = self.jobs.of(plan)
            except ValueError as error:
                fix = "Set or correct it and restart the function app"
                checks.append(Check(f"plan {plan}", False, str(error), fix, "settings.missing"))
                continue
            checks += await plan_checks(job, self.stores)
        return {"settings": describe(self.settings), "checks": [asdict(check) for check in checks]}

    async def _storage(self) -> Check:
        try:
            await self.stores.shared.read("doctor", "probe")
            await self.stores.archive.names("raw/none")
        except PortageError as error:
            return not_asked("storage", error, "Check AzureWebJobsStorage and the network to it")
        return Check("storage", True, "tables and blobs answer")


def unconfigured(error: SettingsError) -> JsonObject:
    """What ``examine`` would answer, while settings make no sense and nothing can be tried with them."""
    checks = [
        Check(f"setting {name}", False, expected, f"Correct {name} and restart the function app", "settings.wrong")
        for name, expected in error.wrong.items()
    ]
    return {"settings": describe_wrong(error), "checks": [asdict(check) for check in checks]}
