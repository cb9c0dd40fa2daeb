"""What the doctor finds, over systems that answer as the test wants and storage in memory."""

from dataclasses import dataclass, replace
from typing import cast

import pytest

from composition.counters import Counters
from composition.doctor import Doctor
from composition.jobs import ConfiguredJobs
from plans.loading import plan_names
from shared.engine.job import Job
from shared.model.errors import PortageError, RetryLater, RunStopped
from shared.model.json import JsonObject
from shared.model.plan import Plan
from shared.model.records import Capabilities
from shared.ports.stores import Stores, WorkQueue
from shared.ports.systems import Check, Source, Target
from shared.settings.configuration import Configuration
from shared.settings.layers import combined, of_environment
from shared.storage.memory.opening import open_memory_stores
from tests.unit.one_job import OneJob

PLAN = Plan("demo", "Demo", "portal", "gateway", (), "digest")
AWAY = RetryLater("target.unreachable", "ConnectError")
SHUT = RunStopped("target.unauthorised", "the code is not valid")


@dataclass
class Portal:
    """A source that is well."""

    async def identity(self) -> str:
        return "portal.example"

    async def checks(self) -> list[Check]:
        return [Check("portal", True, "answers")]


@dataclass
class Gateway:
    """A target that describes itself, or raises ``trouble``."""

    trouble: PortageError | None = None

    async def capabilities(self) -> Capabilities:
        if self.trouble:
            raise self.trouble
        return Capabilities("1.0", "store-1", "1", 1)

    async def checks(self) -> list[Check]:
        await self.capabilities()
        return []


def job(target: Gateway, missing: str | None = None) -> OneJob:
    return OneJob(Job(PLAN, {}, cast("Source", Portal()), cast("Target", target)), missing)


@pytest.fixture
def stores() -> Stores:
    return open_memory_stores()


def configuration(**environment: str) -> Configuration:
    return Configuration(combined([of_environment(environment)]))


async def examined(stores: Stores, jobs: OneJob) -> dict[str, JsonObject]:
    found = await Doctor(configuration(), stores, jobs, ("demo",)).examine()
    return {check["name"]: check for check in found["checks"]}


async def test_a_map_that_belongs_to_nobody_yet_is_well(stores: Stores) -> None:
    checks = await examined(stores, job(Gateway()))
    assert (checks["demo: binding"]["ok"], "nobody yet" in checks["demo: binding"]["detail"]) == (True, True)


async def test_a_map_that_belongs_to_this_pair_is_well(stores: Stores) -> None:
    await stores.runs.bind("demo", "portal.example", "store-1")
    assert (await examined(stores, job(Gateway())))["demo: binding"]["ok"] is True


@pytest.mark.parametrize(
    ("bound", "finding"),
    [
        (("old.example", "store-1"), "belongs to portal old.example, not to portal.example"),
        (("portal.example", "store-2"), "belongs to another store"),
    ],
)
async def test_a_map_that_belongs_to_another_pair_says_how_to_mend_it(
    stores: Stores, bound: tuple[str, str], finding: str
) -> None:
    await stores.runs.bind("demo", *bound)
    check = (await examined(stores, job(Gateway())))["demo: binding"]
    assert (check["ok"], finding in check["detail"]) == (False, True)
    assert "Put the settings back" in check["fix"]


@pytest.mark.parametrize("name", ["demo: binding", "demo: target"])
@pytest.mark.parametrize(
    ("trouble", "advice"),
    [
        (AWAY, "Start the gateway or open the network to it; then ask again"),
        (SHUT, "Put a valid code into PORTAGE_GATEWAY_URL; then ask again"),
    ],
)
async def test_a_check_that_could_not_be_made_says_so_and_what_to_do(
    stores: Stores, name: str, trouble: PortageError, advice: str
) -> None:
    check = (await examined(stores, job(Gateway(trouble))))[name]
    assert (check["ok"], check["fix"]) == (False, advice)
    assert check["detail"] == f"could not be asked: {trouble.message} ({trouble.reason.code})"


async def test_a_side_that_is_away_hides_nothing_of_the_other(stores: Stores) -> None:
    assert (await examined(stores, job(Gateway(AWAY))))["portal"]["ok"] is True


@dataclass
class ShutQueue:
    """A queue that the app has no role for."""

    async def length(self, queue: str) -> int:
        raise RetryLater("storage.unreachable", f"{queue}: storage refuses")


async def test_queues_that_refuse_are_a_finding_though_tables_and_blobs_answer(stores: Stores) -> None:
    shut = replace(stores, queue=cast("WorkQueue", ShutQueue()))
    check = (await examined(shut, job(Gateway())))["storage"]
    assert (check["ok"], "extract: storage refuses" in check["detail"]) == (False, True)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, ("local.settings.json", "export", "make serve")),
        ({"PORTAGE_KEY_VAULT_URL": "https://kv.example"}, ("Key Vault", "App Configuration")),
        ({"PORTAGE_APP_CONFIG_ENDPOINT": "https://appcs.example"}, ("Key Vault", "App Configuration")),
    ],
)
async def test_what_to_type_depends_on_where_the_app_runs(
    stores: Stores, environment: dict[str, str], words: tuple[str, ...]
) -> None:
    jobs = job(Gateway(), "PORTAGE_GATEWAY_URL is not set")
    found = await Doctor(configuration(**environment), stores, jobs, ("demo",)).examine()
    assert all(word in found["checks"][-1]["fix"] for word in words)


async def test_an_app_without_any_settings_is_told_all_that_it_needs_at_once(stores: Stores) -> None:
    jobs = ConfiguredJobs(configuration(), stores, Counters())
    found = await Doctor(configuration(), stores, jobs, plan_names()).examine()
    missing = "PORTAGE_BITRIX24_WEBHOOK_URLS is not set; PORTAGE_GATEWAY_URL is not set"
    assert {one["detail"] for one in found["checks"] if not one["ok"]} == {missing}


async def test_a_missing_setting_is_a_finding_of_its_plan(stores: Stores) -> None:
    check = (await examined(stores, job(Gateway(), "PORTAGE_GATEWAY_URL is not set")))["plan demo"]
    assert (check["ok"], check["detail"]) == (False, "PORTAGE_GATEWAY_URL is not set")
