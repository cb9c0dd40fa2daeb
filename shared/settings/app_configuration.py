"""Settings and feature flags out of App Configuration.

Keys are the names of the settings, without a label: ``PORTAGE_SOURCE_RATE``. A value may be a reference to a secret of
a Key Vault. The flag ``plan.{plan}`` switches a plan; its filters are not evaluated, ``enabled`` alone counts.
"""

from dataclasses import dataclass

from azure.appconfiguration import (
    ConfigurationSetting,
    FeatureFlagConfigurationSetting,
    SecretReferenceConfigurationSetting,
)
from azure.appconfiguration.aio import AzureAppConfigurationClient
from azure.core.exceptions import AzureError

from shared.settings.key_vault import KeyVaults
from shared.settings.layers import APP_CONFIGURATION, KEY_VAULT, Layer, Value
from shared.settings.model import ELSEWHERE
from shared.settings.unread import unread

_NO_LABEL = "\0"
"""As the service's filters call it; the SDK sends it encoded."""

_FLAGS = ".appconfig.featureflag/plan."


@dataclass(frozen=True, slots=True)
class AppConfiguration:
    """One store. ``vaults`` are asked for what it refers to."""

    client: AzureAppConfigurationClient
    vaults: KeyVaults

    async def layer(self, given: frozenset[str]) -> Layer:
        """Its settings, save those that are ``given`` elsewhere. Raises SettingsError."""
        found: dict[str, Value] = {}
        for one in await self._all("PORTAGE_*"):
            if one.key not in ELSEWHERE - given:
                continue
            if isinstance(one, SecretReferenceConfigurationSetting):
                found[one.key] = Value(await self.vaults.referred(one.key, one.secret_id), KEY_VAULT)
            elif one.value and one.value.strip():
                found[one.key] = Value(one.value, APP_CONFIGURATION)
        return found

    async def switched_off(self) -> frozenset[str]:
        """Plans whose flag is off, or says nothing that can be understood. Raises SettingsError."""
        return frozenset(
            flag.key.removeprefix(_FLAGS)  # its value, which has the name as well, may be broken
            for flag in await self._all(f"{_FLAGS}*")
            if not (isinstance(flag, FeatureFlagConfigurationSetting) and flag.enabled is True)
        )

    async def _all(self, key_filter: str) -> list[ConfigurationSetting]:
        listed = self.client.list_configuration_settings(key_filter=key_filter, label_filter=_NO_LABEL)
        try:
            return [one async for one in listed]
        except (AzureError, AttributeError, TypeError) as error:  # the SDK breaks over a flag that is no JSON object
            raise unread("PORTAGE_APP_CONFIG_ENDPOINT", error) from None
