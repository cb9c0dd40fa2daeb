"""What stands in the way of writing to the gateway."""

from collections.abc import Awaitable, Callable

from connectors.import_gateway.address import GatewayAddress
from connectors.import_gateway.methods import WRITE_METHODS
from shared.model.errors import PortageError
from shared.model.records import Capabilities
from shared.ports.systems import Check, Severity

_LONGEST_TEXT = 1_000_000
"""``max_text`` of the contract (§1), in characters."""


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
        return [*checks, _failed("gateway answers", error)]
    detail = f"{address.host}, contract {described.contract}, version {described.product_version}"
    checks += [Check("gateway answers", ok=True, detail=detail), *_methods(described), *_size(described)]
    try:
        ours, foreign = await count("user")
    except PortageError as error:
        return [*checks, _failed("gateway reads back", error)]
    return [*checks, Check("gateway reads back", ok=True, detail=f"{ours} imported users, {foreign} others")]


def _failed(name: str, error: PortageError) -> Check:
    return Check(name, ok=False, detail=error.message, fix=error.reason.hint, code=error.reason.code)


def _transport(address: GatewayAddress) -> Check:
    safe = address.encrypted or address.loopback
    return Check(
        "gateway transport",
        ok=safe,
        detail="encrypted" if address.encrypted else "plain HTTP" + (" on this machine" if safe else ""),
        fix=None if safe else "Use https in PORTAGE_GATEWAY_URL: the address carries the import code.",
        code="target.open_line",
    )


def _methods(described: Capabilities) -> list[Check]:
    """One check for each entity whose method is not enabled; one for all of them when there is none."""
    missing = [one for entity, one in WRITE_METHODS.items() if entity not in described.limits]
    if not missing:
        return [Check("gateway methods", ok=True, detail=f"all {len(WRITE_METHODS)} enabled")]
    return [
        Check(
            f"gateway method for {one.entity}",
            ok=False,
            detail=f"disabled: {one.method}",
            fix=f"Enable {one.method} in the gateway, or leave {one.entity} out of the run",
            code="target.method_missing",
            entities=(one.entity,),
        )
        for one in missing
    ]


def _size(described: Capabilities) -> list[Check]:
    """Whether a record with the longest text that the contract allows would fit into a call."""
    if described.max_bytes >= _LONGEST_TEXT:
        return []
    detail = f"a call may have {described.max_bytes} bytes; one record alone may take {_LONGEST_TEXT}"
    fix = "Let the gateway, and any proxy before it, take larger bodies; larger records become dead letters"
    return [Check("gateway size", False, detail, fix, "target.small_calls", Severity.WARNING)]
