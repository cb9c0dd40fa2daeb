"""Settings out of App Configuration and Key Vault, asked by Microsoft's own clients over loopback."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from shared.settings.configuration import Configuration
from shared.settings.model import SettingsError
from shared.settings.opening import open_configuration
from tests.unit.settings.azure_services import FLAG, AzureServices, StaticCredential, azure_services

GATEWAY = "https://gateway.example/webhook/7/c0de-of-the-vault"

Opening = Callable[..., Awaitable[Configuration]]


@pytest.fixture
async def azure(tmp_path: Path) -> AsyncIterator[AzureServices]:
    async with azure_services(tmp_path) as services:
        yield services


@pytest.fixture
async def opened(azure: AzureServices) -> AsyncIterator[Opening]:
    """Opens the configuration of both services and of further settings of the environment."""
    options = {"connection_verify": str(azure.certificate), "verify_challenge_resource": False, "retry_total": 0}
    async with AsyncExitStack() as stack:

        async def opened(**environment: str) -> Configuration:
            both = {"PORTAGE_APP_CONFIG_ENDPOINT": azure.url, "PORTAGE_KEY_VAULT_URL": azure.url}
            return await open_configuration(both | environment, stack, identity=StaticCredential(), options=options)

        yield opened


def source_of(configuration: Configuration, setting: str) -> str | None:
    return next(row["source"] for row in configuration.rows if row["name"] == setting)


async def test_each_value_comes_from_the_first_place_that_has_it(azure: AzureServices, opened: Opening) -> None:
    azure.set(PORTAGE_SOURCE_RATE="7", PORTAGE_SOURCE_BURST="70")
    azure.keep("portage-gateway-url", GATEWAY)
    found = await opened(PORTAGE_SOURCE_RATE="3")
    assert (found.settings.source_rate, found.settings.source_burst, found.settings.gateway) == (3.0, 70, GATEWAY)
    names = ("PORTAGE_SOURCE_RATE", "PORTAGE_SOURCE_BURST", "PORTAGE_GATEWAY_URL", "PORTAGE_HALT_AFTER_SECONDS")
    assert [source_of(found, name) for name in names] == ["environment", "app configuration", "key vault", "default"]


async def test_all_pages_of_the_store_are_read(azure: AzureServices, opened: Opening) -> None:
    azure.set(
        PORTAGE_AAA="1", PORTAGE_BBB="2", PORTAGE_CCC="3", PORTAGE_HALT_AFTER_SECONDS="60", PORTAGE_SOURCE_RATE="5"
    )
    found = (await opened()).settings
    assert (found.halt_after_seconds, found.source_rate) == (60.0, 5.0)


async def test_a_reference_in_the_store_leads_to_the_vault(azure: AzureServices, opened: Opening) -> None:
    azure.keep("code-of-the-customer", GATEWAY)
    azure.refer("PORTAGE_GATEWAY_URL", "code-of-the-customer")
    found = await opened()
    assert (found.settings.gateway, source_of(found, "PORTAGE_GATEWAY_URL")) == (GATEWAY, "key vault")


async def test_a_reference_that_names_a_version_stays_at_it(azure: AzureServices, opened: Opening) -> None:
    azure.keep("code", GATEWAY)
    azure.keep("code", GATEWAY + "-2")
    azure.refer("PORTAGE_GATEWAY_URL", "code/1")
    assert (await opened()).settings.gateway == GATEWAY


async def test_a_reference_that_leads_nowhere_is_told_by_the_name_of_its_setting(
    azure: AzureServices, opened: Opening
) -> None:
    azure.refer("PORTAGE_GATEWAY_URL", "nothing")
    with pytest.raises(SettingsError, match=r"PORTAGE_GATEWAY_URL: .* has no secret nothing"):
        await opened()


async def test_the_store_cannot_lead_to_another_vault_or_storage(azure: AzureServices, opened: Opening) -> None:
    azure.set(AzureWebJobsStorage="AccountKey=x", PORTAGE_KEY_VAULT_URL="https://elsewhere.example")
    found = (await opened()).settings
    assert (found.storage_connection, found.key_vault) == (None, azure.url)


@pytest.mark.parametrize(("status", "why"), [(403, "HTTP 403: the app's identity lacks a role"), (500, "HTTP 500")])
async def test_a_service_that_refuses_is_told_by_the_setting_that_leads_to_it(
    azure: AzureServices, opened: Opening, status: int, why: str
) -> None:
    azure.failing = status
    with pytest.raises(SettingsError) as caught:
        await opened()
    assert why in caught.value.wrong["PORTAGE_APP_CONFIG_ENDPOINT"]
    assert "nobody may see" not in str(caught.value)


async def test_a_flag_that_is_off_switches_its_plan_off(azure: AzureServices, opened: Opening) -> None:
    azure.flag("plan.one", enabled=False)
    azure.flag("plan.two", enabled=True)
    azure.flag("something-else", enabled=False)
    found = await opened(PORTAGE_DISABLED_PLANS="three")
    assert [found.disabled(plan) for plan in ("one", "two", "three", "something-else")] == [True, False, True, False]


@pytest.mark.parametrize("value", ["nonsense", '{"id": "plan.one", "enabled": "yes"}', '{"enabled": null}'])
async def test_a_flag_that_cannot_be_understood_switches_its_plan_off_and_nothing_else(
    azure: AzureServices, opened: Opening, value: str
) -> None:
    azure.settings[".appconfig.featureflag/plan.one"] = (value, FLAG)
    found = await opened()
    assert [found.disabled(plan) for plan in ("one", "two")] == [True, False]


async def test_a_flag_that_the_library_breaks_over_is_told_by_the_setting_that_leads_to_it(
    azure: AzureServices, opened: Opening
) -> None:
    azure.settings[".appconfig.featureflag/plan.one"] = ("[]", FLAG)
    with pytest.raises(SettingsError, match="PORTAGE_APP_CONFIG_ENDPOINT"):
        await opened()


async def test_a_service_that_is_out_is_asked_three_times_and_no_more(azure: AzureServices) -> None:
    azure.failing = 503
    options = {"connection_verify": str(azure.certificate), "retry_backoff_factor": 0}
    async with AsyncExitStack() as stack:
        with pytest.raises(SettingsError):
            await open_configuration(
                {"PORTAGE_APP_CONFIG_ENDPOINT": azure.url}, stack, identity=StaticCredential(), options=options
            )
    assert azure.reads == 3


async def test_a_change_is_seen_at_the_next_reading(azure: AzureServices, opened: Opening) -> None:
    found = await opened()
    azure.set(PORTAGE_SOURCE_RATE="9")
    azure.flag("plan.one", enabled=False)
    await found.refresh()
    assert (found.settings.source_rate, found.disabled("one"), found.trouble) == (9.0, True, None)


@pytest.mark.parametrize("trouble", ["out", "nonsense"])
async def test_what_was_read_stays_in_force_while_the_services_are_in_trouble(
    azure: AzureServices, opened: Opening, trouble: str
) -> None:
    azure.set(PORTAGE_SOURCE_RATE="9")
    found = await opened()
    if trouble == "out":
        azure.failing = 503
    else:
        azure.set(PORTAGE_SOURCE_RATE="fast")
    await found.refresh()
    assert (found.settings.source_rate, found.trouble is not None) == (9.0, True)


async def test_no_service_is_asked_when_the_settings_name_none(azure: AzureServices) -> None:
    async with AsyncExitStack() as stack:
        found = await open_configuration({"PORTAGE_SOURCE_RATE": "3"}, stack)
        await found.refresh()
        await found.keep_fresh()
    assert (found.settings.source_rate, azure.reads) == (3.0, 0)
