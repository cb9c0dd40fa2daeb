"""``portage doctor``: every setting with its source, and every system tried."""

import os
from dataclasses import asdict, dataclass

from composition.examining import not_asked, plan_checks
from shared.engine.job import Jobs
from shared.model.errors import PortageError
from shared.model.json import JsonObject
from shared.model.messages import EXTRACT_QUEUE, IMPORT_QUEUE
from shared.ports.stores import Stores
from shared.ports.systems import Check, Severity
from shared.settings.configuration import Configuration
from shared.settings.layers import describe_wrong
from shared.settings.model import SettingsError

_FIX_HERE = (
    "Fill it in or correct it, in local.settings.json or with export in the shell that starts the app; "
    "then stop make serve and start it again"
)
_FIX_ON_AZURE = (
    "Put secrets into the Key Vault (docs/guides/deployment.md, part 4) and other settings into App Configuration "
    "(part 10), where they are read within a minute; what the app's own settings give is corrected there"
)
_SERVICES = ("PORTAGE_KEY_VAULT_URL", "PORTAGE_APP_CONFIG_ENDPOINT")


@dataclass(slots=True)
class Doctor:
    """Examines this installation; writes nothing but one small row of its own."""

    configuration: Configuration
    stores: Stores
    jobs: Jobs
    plan_names: tuple[str, ...]

    async def examine(self) -> JsonObject:
        """``{"settings": [{"name", "value", "source"}], "checks": […]}``, a check as ``Check`` has it."""
        checks = [*self._sources(), await self._storage()]
        for plan in self.plan_names:
            try:
                job = self.jobs.of(plan)
            except ValueError as error:
                checks.append(Check(f"plan {plan}", False, str(error), self._fix(), "settings.missing"))
                continue
            checks += await plan_checks(job, self.stores)
        return {"settings": list(self.configuration.rows), "checks": [asdict(check) for check in checks]}

    def _fix(self) -> str:
        settings = self.configuration.settings
        return _FIX_ON_AZURE if settings.key_vault or settings.app_configuration else _FIX_HERE

    def _sources(self) -> list[Check]:
        """What keeps settings from being read again; they stay as they were until it is mended."""
        trouble = self.configuration.trouble
        if trouble is None:
            return []
        fix = "Correct it there; it is read again within a minute"
        return [Check("settings", False, trouble, fix, "settings.stale", Severity.WARNING)]

    async def _storage(self) -> Check:
        try:
            await self.stores.shared.read("doctor", "probe")
            await self.stores.archive.names("raw/none")
            for queue in (EXTRACT_QUEUE, IMPORT_QUEUE):
                await self.stores.queue.length(queue)
        except PortageError as error:
            return not_asked("storage", error, "Check AzureWebJobsStorage, its roles and the network to it")
        return Check("storage", True, "tables, blobs and queues answer")


def unconfigured(error: SettingsError) -> JsonObject:
    """What ``examine`` would answer, while settings make no sense and nothing can be tried with them."""
    fix = _FIX_ON_AZURE if any(os.environ.get(name, "").strip() for name in _SERVICES) else _FIX_HERE
    checks = [
        Check(f"setting {name}", False, expected, fix, "settings.wrong") for name, expected in error.wrong.items()
    ]
    return {"settings": describe_wrong(error, os.environ), "checks": [asdict(check) for check in checks]}
