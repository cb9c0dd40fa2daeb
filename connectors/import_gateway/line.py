"""Calls to the gateway with the import code that is valid now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from connectors.import_gateway.address import GatewayAddress
from connectors.import_gateway.refusals import classify
from shared.http.client import Answer, Body, Classify, HttpClient
from shared.http.renewing import Renewable
from shared.ports.systems import Budget

_REFUSED = ("target.unauthorised",)


@dataclass(frozen=True, slots=True)
class Line:
    """One user's way to the gateway. A code that is refused is exchanged once, if there is another one."""

    access: Renewable[GatewayAddress]
    client: HttpClient
    budget: Budget

    @property
    def address(self) -> GatewayAddress:
        """With the code that is valid as far as is known."""
        return self.access.now

    async def post(
        self,
        method: str,
        content: Body,
        classify: Classify = classify,
        *,
        headers: Mapping[str, str] | None = None,
        longest: float | None = None,
        into: BinaryIO | None = None,
    ) -> Answer:
        """See ``HttpClient.post``."""

        async def call(address: GatewayAddress) -> Answer:
            return await self.client.post(
                address.url(method),
                content,
                method=method,
                classify=classify,
                budget=self.budget,
                headers=headers,
                longest=longest,
                into=into,
            )

        return await self.access.use(call, _REFUSED)
