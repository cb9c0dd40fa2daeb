"""A storage account as the settings name it: by connection string, or by the platform's scheme for identities."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from shared.settings.identity import credential

if TYPE_CHECKING:
    from shared.settings.identity import Credential

CONNECTION = "AzureWebJobsStorage"
RAW_CONNECTION = "PORTAGE_STORAGE"


@dataclass
class Account:
    """The account of the connection ``name``. Its credential is made when it is asked for, and closed by ``stack``.

    ``connection`` is a connection string, and a secret; without it ``{name}__accountName`` or
    ``{name}__{service}ServiceUri`` of ``environment`` say where the account is.
    """

    name: str
    connection: str | None = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    stack: AsyncExitStack = field(repr=False)

    @property
    def given(self) -> bool:
        """Whether the settings name such an account."""
        named = (f"{self.name}__accountName", f"{self.name}__blobServiceUri")
        return bool(self.connection) or any(self.environment.get(name) for name in named)

    @cached_property
    def credential(self) -> "Credential":
        """Who we are at the account: one for all of its services, which then share its tokens."""
        proof = credential(self.environment, self.name)
        self.stack.push_async_callback(proof.close)
        return proof

    def endpoint(self, service: str) -> str:
        """Where ``table``, ``blob`` or ``queue`` answers. Raises ValueError when no setting tells."""
        if uri := self.environment.get(f"{self.name}__{service}ServiceUri"):
            return uri
        if account := self.environment.get(f"{self.name}__accountName"):
            return f"https://{account}.{service}.core.windows.net"
        raise ValueError(f"Set {self.name}, or {self.name}__accountName for an identity-based connection")
