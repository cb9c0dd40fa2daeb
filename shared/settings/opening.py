"""Opening the configuration of a process: the environment, and the services of Azure that it names."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from shared.settings.configuration import Configuration
from shared.settings.identity import credential
from shared.settings.layers import Layer, Snapshot, combined, of_environment
from shared.settings.model import SettingsError

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from shared.settings.app_configuration import AppConfiguration
    from shared.settings.key_vault import KeyVaults

_PATIENCE = {
    "connection_timeout": 5,
    "read_timeout": 10,
    "retry_total": 2,
    "retry_backoff_factor": 0.5,
    "retry_backoff_max": 4,
}
"""Seconds and attempts. The SDKs' own would keep a start, and a call whose secret was refused, for many minutes."""


async def open_configuration(
    environment: Mapping[str, str],
    stack: AsyncExitStack,
    *,
    identity: "AsyncTokenCredential | None" = None,
    options: Mapping[str, Any] | None = None,
) -> Configuration:
    """Read all settings. The environment wins over App Configuration, which wins over Key Vault.

    ``stack`` closes what is opened. ``identity`` is by default the app's own; ``options`` go to the SDKs' clients.
    Raises SettingsError for values that make no sense and for a source that gives no answer.
    """
    layer = of_environment(environment)
    here = combined([layer])
    if here.settings.app_configuration is None and here.settings.key_vault is None:
        return Configuration(here)
    if identity is None:
        identity = credential(environment)
        stack.push_async_callback(identity.close)
    # The SDKs are imported where they are needed: an app without these services starts without them.
    from shared.settings.key_vault import KeyVaults  # noqa: PLC0415

    vaults = KeyVaults(identity, stack, {**_PATIENCE, **(options or {})})
    store = await _store(here.settings.app_configuration, identity, stack, vaults)
    read = partial(_read, layer, store, here.settings.key_vault, vaults)
    return Configuration(await read(), read)


async def _store(
    endpoint: str | None, identity: "AsyncTokenCredential", stack: AsyncExitStack, vaults: "KeyVaults"
) -> "AppConfiguration | None":
    if endpoint is None:
        return None
    from azure.appconfiguration.aio import AzureAppConfigurationClient  # noqa: PLC0415

    from shared.settings.app_configuration import AppConfiguration  # noqa: PLC0415

    try:
        client = AzureAppConfigurationClient(endpoint, identity, **vaults.options)
    except ValueError:
        raise SettingsError({"PORTAGE_APP_CONFIG_ENDPOINT": "expected https://…"}) from None
    return AppConfiguration(await stack.enter_async_context(client), vaults)


async def _read(
    environment: Layer, store: "AppConfiguration | None", vault: str | None, vaults: "KeyVaults"
) -> Snapshot:
    given = frozenset(environment)
    stored: Layer = {} if store is None else await store.layer(given)
    secrets: Layer = {} if vault is None else await vaults.layer(vault, given | frozenset(stored))
    return combined([environment, stored, secrets], frozenset() if store is None else await store.switched_off())
