"""Methods of a simulated portal, asked without a server."""

from typing import Any

from lab.simulators.bitrix24.calls import Caller, Reply
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.world import World


def ask(
    world: World, name: str, parameters: dict[str, Any] | None = None, user: int = 1, *, admin: bool = True
) -> Reply:
    return find(name).handle(world, Caller(user, "secret", frozenset(), admin=admin), parameters or {})
