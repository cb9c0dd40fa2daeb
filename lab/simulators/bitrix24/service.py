"""Who calls, what is ticked, what time it is: methods of no family."""

import time
from datetime import datetime, timedelta, timezone

from lab.simulators.bitrix24.calls import Caller, Method, Reply
from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.parameters import Tree
from lab.simulators.bitrix24.world import World

_ZONE = timezone(timedelta(hours=3))


def profile(world: World, caller: Caller, _parameters: Tree) -> Reply:
    """``profile`` and ``user.current``: who the webhook is."""
    row = next((row for row in world.people.users.rows if row["ID"] == str(caller.user)), {"ID": str(caller.user)})
    shown = {name: row.get(name, "") for name in ("ID", "NAME", "LAST_NAME", "PERSONAL_GENDER")}
    return Reply({**shown, "ADMIN": caller.admin, "TIME_ZONE": ""})


def server_time(_world: World, _caller: Caller, _parameters: Tree) -> Reply:
    """``server.time``."""
    return Reply(datetime.fromtimestamp(time.time(), _ZONE).isoformat(timespec="seconds"))


def scope(_world: World, caller: Caller, _parameters: Tree) -> Reply:
    """``scope``: what was ticked."""
    return Reply(sorted(caller.scopes))


def application_only(_world: World, _caller: Caller, _parameters: Tree) -> Reply:
    """Methods that refuse every webhook."""
    raise PortalError("ACCESS_DENIED", "Access denied! Application context required", 403)


METHODS: dict[str, Method] = {
    "app.info": Method("", application_only),
    "profile": Method("", profile),
    "scope": Method("", scope),
    "server.time": Method("", server_time),
    "user.current": Method("user", profile),
}
