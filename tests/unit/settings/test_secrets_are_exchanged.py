"""What follows a secret that the other side refuses."""

import asyncio

from shared.settings.configuration import Configuration
from shared.settings.layers import Snapshot, combined, of_environment
from shared.settings.model import Settings, SettingsError


def snapshot(code: str) -> Snapshot:
    return combined([of_environment({"PORTAGE_GATEWAY_URL": f"https://gateway.example/webhook/7/{code}"})])


class Source:
    """Where the secrets are; counts how often it was read."""

    def __init__(self, code: str) -> None:
        self.code: str | None = code
        self.readings = 0
        self.now = 0.0

    async def read(self) -> Snapshot:
        self.readings += 1
        await asyncio.sleep(0)
        if self.code is None:
            raise SettingsError({"PORTAGE_KEY_VAULT_URL": "could not be read"})
        return snapshot(self.code)


def gateway(settings: Settings) -> str:
    return str(settings.gateway).rpartition("/")[2]


def configured(source: Source, code: str) -> Configuration:
    return Configuration(snapshot(code), source.read, ticks=lambda: source.now)


async def test_a_new_secret_is_found_by_reading_once_for_all_who_were_refused() -> None:
    source = Source("new-one")
    configuration = configured(source, "old-one")
    found = await asyncio.gather(*(configuration.successor(gateway, "old-one") for _ in range(5)))
    assert (found, source.readings) == (["new-one"] * 5, 1)


async def test_an_unchanged_secret_has_no_successor_and_is_not_asked_for_by_each() -> None:
    source = Source("old-one")
    configuration = configured(source, "old-one")
    found = await asyncio.gather(*(configuration.successor(gateway, "old-one") for _ in range(5)))
    assert (found, source.readings) == ([None] * 5, 1)


async def test_an_unchanged_secret_is_asked_for_again_after_a_while() -> None:
    source = Source("old-one")
    configuration = configured(source, "old-one")
    await configuration.successor(gateway, "old-one")
    source.code, source.now = "new-one", 6.0
    assert await configuration.successor(gateway, "old-one") == "new-one"


async def test_a_source_that_is_out_gives_no_successor() -> None:
    source = Source("old-one")
    source.code = None
    assert await configured(source, "old-one").successor(gateway, "old-one") is None


async def test_a_reading_that_breaks_gives_no_successor_and_is_told() -> None:
    async def breaks() -> Snapshot:
        raise AttributeError("of a defect")

    configuration = Configuration(snapshot("old-one"), breaks)
    assert await configuration.successor(gateway, "old-one") is None
    assert "AttributeError" in str(configuration.trouble)


async def test_settings_of_the_environment_alone_have_no_successor() -> None:
    assert await Configuration(snapshot("old-one")).successor(gateway, "old-one") is None
