"""A code of the gateway and a webhook of the portal that are exchanged while records move: none is lost or doubled."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from composition.counters import Counters
from composition.jobs import ConfiguredJobs
from connectors.bitrix24.portal import Bitrix24Source
from shared.model.errors import RunStopped
from shared.model.records import OutgoingItem
from shared.settings.configuration import Configuration
from shared.settings.layers import Snapshot, combined, of_environment
from shared.storage.memory.opening import open_memory_stores
from tests.contract.simulated_portal import Copy, SimulatedPortal, simulated_portal
from tests.unit.gateway.gateway_process import CODE, RunningGateway, checksum, running, user

PLAN = "bitrix24_onprem"
NEW_CODE = "the-code-after-that"
SECRET, NEW_SECRET = "s3cret-of-the-portal", "s3cret-after-that"
BATCHES, ITEMS = 12, 20


class Secrets:
    """The secrets as an operator keeps them; ``values`` may be changed at any time."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {"PORTAGE_SOURCE_RATE": "0"}

    async def read(self) -> Snapshot:
        return combined([of_environment(self.values)])


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[RunningGateway]:
    with running(tmp_path) as process:
        yield process


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[SimulatedPortal]:
    webhooks = ("--webhook", f"1:{SECRET}", "--webhook", f"1:{NEW_SECRET}")
    with simulated_portal(tmp_path, *webhooks, "--users", "800", "--rate", "0", "--operating-limit", "0") as portal:
        yield portal


@pytest.fixture
def secrets(gateway: RunningGateway, portal: SimulatedPortal) -> Secrets:
    secrets = Secrets()
    secrets.values["PORTAGE_GATEWAY_URL"] = f"{gateway.base}/webhook/7/{CODE}"
    secrets.values["PORTAGE_BITRIX24_WEBHOOK_URLS"] = portal.webhook(SECRET)
    return secrets


async def configured(secrets: Secrets) -> ConfiguredJobs:
    return ConfiguredJobs(Configuration(await secrets.read(), secrets.read), open_memory_stores(), Counters())


@pytest.fixture
async def jobs(secrets: Secrets) -> ConfiguredJobs:
    return await configured(secrets)


def exchange_code(gateway: RunningGateway, secrets: Secrets, known: str = NEW_CODE) -> None:
    """The old code is good no longer from now on; the settings know ``known``."""
    gateway.settings["GATEWAY_CODES"] = f"7:{NEW_CODE}"
    gateway.restart()
    secrets.values["PORTAGE_GATEWAY_URL"] = f"{gateway.base}/webhook/7/{known}"


async def write(jobs: ConfiguredJobs, batch: int) -> list[str]:
    target = jobs.of(PLAN).target
    items = []
    for number in range(batch * ITEMS + 1, batch * ITEMS + ITEMS + 1):
        digest = checksum(user(number))
        items.append(OutgoingItem(str(number), target.key("user", str(number), digest), digest, user(number)))
    return [str(receipt.action) for receipt in await target.write("user", "r1", f"b{batch}", items)]


async def test_records_arrive_once_though_the_code_changes_between_their_batches(
    gateway: RunningGateway, secrets: Secrets, jobs: ConfiguredJobs
) -> None:
    half = BATCHES // 2
    before = await asyncio.gather(*(write(jobs, batch) for batch in range(half)))
    exchange_code(gateway, secrets)
    after = await asyncio.gather(*(write(jobs, batch) for batch in range(half, BATCHES)))
    assert [action for batch in (*before, *after) for action in batch] == ["created"] * BATCHES * ITEMS
    assert await jobs.of(PLAN).target.count("user") == (BATCHES * ITEMS, 0)


async def test_a_refused_code_that_nobody_changed_stops_the_run_as_ever(
    gateway: RunningGateway, secrets: Secrets, jobs: ConfiguredJobs
) -> None:
    exchange_code(gateway, secrets, known=CODE)
    with pytest.raises(RunStopped) as caught:
        await write(jobs, 0)
    assert caught.value.reason.code == "target.unauthorised"


async def test_a_new_code_that_is_refused_too_is_not_asked_for_again(
    gateway: RunningGateway, secrets: Secrets, jobs: ConfiguredJobs
) -> None:
    exchange_code(gateway, secrets, known="another-wrong-code")
    with pytest.raises(RunStopped) as caught:
        await write(jobs, 0)
    assert caught.value.reason.code == "target.unauthorised"


async def test_work_under_way_goes_on_at_the_gateway_it_began_with(
    gateway: RunningGateway, secrets: Secrets, jobs: ConfiguredJobs
) -> None:
    target = jobs.of(PLAN).target
    exchange_code(gateway, secrets)
    secrets.values["PORTAGE_GATEWAY_URL"] = f"http://elsewhere.example/webhook/7/{NEW_CODE}"
    with pytest.raises(RunStopped):
        await target.count("user")


@pytest.mark.parametrize("form", [SimulatedPortal.webhook, SimulatedPortal.application])
async def test_every_record_is_read_once_though_what_opens_the_portal_changes_between_pages(
    portal: SimulatedPortal, secrets: Secrets, form: Callable[[SimulatedPortal, str], str]
) -> None:
    secrets.values["PORTAGE_BITRIX24_WEBHOOK_URLS"] = form(portal, SECRET)
    copy = Copy(cast("Bitrix24Source", (await configured(secrets)).of(PLAN).source))
    await copy.fetch("department")
    portal.switch(revoked=[SECRET])
    secrets.values["PORTAGE_BITRIX24_WEBHOOK_URLS"] = form(portal, NEW_SECRET)
    await copy.fetch("user")
    assert set(copy.rows_of("user")) == {str(row["ID"]) for row in portal.truth("user")}


async def test_a_revoked_webhook_without_a_successor_stops_the_run_as_ever(
    portal: SimulatedPortal, jobs: ConfiguredJobs
) -> None:
    copy = Copy(cast("Bitrix24Source", jobs.of(PLAN).source))
    portal.switch(revoked=[SECRET])
    with pytest.raises(RunStopped) as caught:
        await copy.fetch("user")
    assert caught.value.reason.code == "source.unauthorised"


async def test_later_work_begins_with_the_settings_as_they_are_then(secrets: Secrets, jobs: ConfiguredJobs) -> None:
    before = jobs.of(PLAN)
    assert jobs.of(PLAN) is before
    secrets.values["PORTAGE_SOURCE_RATE"] = "5"
    await jobs.configuration.refresh()
    assert cast("Bitrix24Source", jobs.of(PLAN).source).rate == 5.0
