"""What ``portage doctor`` says about the gateway."""

from collections.abc import Awaitable, Callable

from connectors.import_gateway.address import GatewayAddress
from connectors.import_gateway.methods import WRITE_METHODS
from shared.model.errors import PortageError
from shared.model.records import Capabilities
from shared.ports.systems import Check


async def check(
    address: GatewayAddress,
    capabilities: Callable[[], Awaitable[Capabilities]],
    count: Callable[[str], Awaitable[tuple[int, int]]],
) -> list[Check]:
    """Transport, reachability and contract, enabled methods, reading back. Nothing is written."""
    checks = [_transport(address)]
    try:
        described = await capabilities()
    except PortageError as error:
        return [*checks, Check("gateway answers", ok=False, detail=error.message, fix=error.reason.hint)]
    detail = f"{address.host}, contract {described.contract}, version {described.product_version}"
    checks += [Check("gateway answers", ok=True, detail=detail), _methods(described)]
    try:
        ours, foreign = await count("user")
    except PortageError as error:
        return [*checks, Check("gateway reads back", ok=False, detail=error.message, fix=error.reason.hint)]
    return [*checks, Check("gateway reads back", ok=True, detail=f"{ours} imported users, {foreign} others")]


def _transport(address: GatewayAddress) -> Check:
    safe = address.encrypted or address.loopback
    return Check(
        "gateway transport",
        ok=safe,
        detail="encrypted" if address.encrypted else "plain HTTP" + (" on this machine" if safe else ""),
        fix=None if safe else "Use https in PORTAGE_GATEWAY_URL: the address carries the import code.",
    )


def _methods(described: Capabilities) -> Check:
    missing = [one.method for entity, one in WRITE_METHODS.items() if entity not in described.limits]
    return Check(
        "gateway methods",
        ok=not missing,
        detail=f"disabled: {', '.join(missing)}" if missing else f"all {len(WRITE_METHODS)} enabled",
        fix="Enable the methods in the gateway, or leave their entities out of the run." if missing else None,
    )
