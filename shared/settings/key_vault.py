"""Secrets out of Key Vault: by the name of their setting, or where a reference of App Configuration points."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.keyvault.secrets import KeyVaultSecretIdentifier
from azure.keyvault.secrets.aio import SecretClient

from shared.settings.layers import KEY_VAULT, Layer, Value
from shared.settings.model import SECRETS, SettingsError, secret_name
from shared.settings.unread import unread

_SETTING = "PORTAGE_KEY_VAULT_URL"


@dataclass(slots=True)
class KeyVaults:
    """Reads secrets of one or more vaults; ``stack`` closes the connections, ``options`` are the SDK's."""

    credential: AsyncTokenCredential
    stack: AsyncExitStack
    options: dict[str, Any] = field(default_factory=dict)
    _clients: dict[str, SecretClient] = field(default_factory=dict, init=False, repr=False)

    async def layer(self, vault: str, given: frozenset[str]) -> Layer:
        """The secrets of ``vault`` for settings that are not ``given`` elsewhere. Raises SettingsError."""
        found: dict[str, Value] = {}
        for alias in sorted(SECRETS - given):
            text = await self._secret(_SETTING, vault, secret_name(alias))
            if text is not None and text.strip():
                found[alias] = Value(text, KEY_VAULT)
        return found

    async def referred(self, setting: str, secret_id: str | None) -> str:
        """The secret that a reference points at, in its newest version unless it names one. Raises SettingsError."""
        try:
            at = KeyVaultSecretIdentifier(secret_id or "")
        except ValueError:
            raise SettingsError({setting: "expected a reference to a secret of a Key Vault"}) from None
        text = await self._secret(setting, at.vault_url, at.name, at.version)
        if text is None:
            raise SettingsError({setting: f"{at.vault_url} has no secret {at.name}"})
        return text

    async def _secret(self, setting: str, vault: str, name: str, version: str | None = None) -> str | None:
        try:
            return (await (await self._client(vault)).get_secret(name, version)).value
        except ResourceNotFoundError:
            return None
        except (AzureError, ValueError) as error:
            raise unread(setting, error) from None

    async def _client(self, vault: str) -> SecretClient:
        if vault not in self._clients:
            client = SecretClient(vault, self.credential, **self.options)
            self._clients[vault] = await self.stack.enter_async_context(client)
        return self._clients[vault]
