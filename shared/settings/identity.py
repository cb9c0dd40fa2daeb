"""Who the app is towards Azure: a managed identity, or whoever is signed in on a developer's machine."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential

    Credential = DefaultAzureCredential | ManagedIdentityCredential


def client_id(environment: Mapping[str, str], connection: str | None = None) -> str | None:
    """Which user-assigned identity: that of ``connection`` (``{connection}__clientId``), else ``AZURE_CLIENT_ID``."""
    own = environment.get(f"{connection}__clientId", "").strip() if connection else ""
    return own or environment.get("AZURE_CLIENT_ID", "").strip() or None


def credential(environment: Mapping[str, str], connection: str | None = None) -> "Credential":
    """What proves the identity of ``connection``, by the platform's naming of identity-based connections.

    With ``{connection}__credential`` = ``managedidentity`` it is a managed identity and nothing else. The caller closes
    it. See https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
    """
    # Imported here: it takes a third of a second that an app with a connection string does not spend.
    from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential  # noqa: PLC0415

    identity = client_id(environment, connection)
    if connection and environment.get(f"{connection}__credential", "").strip().lower() == "managedidentity":
        return ManagedIdentityCredential(client_id=identity)
    return DefaultAzureCredential(managed_identity_client_id=identity)
