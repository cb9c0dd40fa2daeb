"""Who calls, what is ticked, what time it is: methods of no family, and those that are for applications only."""

from typing import Any

from lab.simulators.bitrix24.calls import Caller, Method, Reply
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.moments import iso
from lab.simulators.bitrix24.parameters import Tree
from lab.simulators.bitrix24.world import World

# API facts §1.2; templates of workflows are refused by their own family
_APPLICATION_ONLY = (
    "app.info",
    "event.bind",
    "event.get",
    "event.offline.clear",
    "event.offline.get",
    "event.offline.list",
    "event.unbind",
    "placement.bind",
)


def profile(world: World, caller: Caller, _parameters: Tree) -> Reply:
    """``profile``: who the webhook is, in short."""
    row = _own(world, caller)
    shown = {name: row.get(name, "") for name in ("ID", "NAME", "LAST_NAME", "PERSONAL_GENDER")}
    return Reply({**shown, "ADMIN": caller.admin, "TIME_ZONE": ""})


def current_user(world: World, caller: Caller, _parameters: Tree) -> Reply:
    """``user.current``: who the webhook is, with the times that ``user.get`` answers as empty objects."""
    return Reply(
        _own(world, caller) | {"TIMESTAMP_X": "24.08.2023 13:19:39", "LAST_ACTIVITY_DATE": "2024-08-29 10:30:11"}
    )


def _own(world: World, caller: Caller) -> dict[str, Any]:
    return world.people.users.find(caller.user) or {"ID": str(caller.user)}


def server_time(world: World, _caller: Caller, _parameters: Tree) -> Reply:
    """``server.time``."""
    return Reply(iso(world.people.clock()))


def scope(_world: World, caller: Caller, _parameters: Tree) -> Reply:
    """``scope``: what was ticked."""
    return Reply(sorted(caller.scopes))


def application_only(_world: World, _caller: Caller, _parameters: Tree) -> Reply:
    """Methods that refuse every webhook."""
    raise PortalError("ACCESS_DENIED", "Access denied! Application context required", 403)


METHODS: dict[str, Method] = {
    **{name: Method("", application_only) for name in _APPLICATION_ONLY},
    "profile": Method("", profile),
    "scope": Method("", scope),
    "server.time": Method("", server_time),
    "user.current": Method("user", current_user),
}
