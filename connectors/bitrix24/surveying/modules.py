"""The inventory of a portal's modules: which are there, and which of them a webhook may read."""

from connectors.bitrix24.transport import Command
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import PortageError
from shared.model.json import JsonObject, as_map

_MODULES = {
    "user": "user.get",
    "user.userfield": "user.userfield.list",
    "department": "department.get",
    "sonet_group": "sonet_group.get",
    "socialnetwork": "socialnetwork.api.workgroup.list",
    "log": "log.blogpost.get",
    "task": "tasks.task.list",
    "im": "im.recent.list",
    "disk": "disk.attachedObject.get",
    "crm": "crm.item.list",
    "bizproc": "bizproc.workflow.template.list",
    "userfieldconfig": "userfieldconfig.list",
    "lists": "lists.get",
    "calendar": "calendar.event.get",
}
"""By scope: a method that the module has wherever it is installed (API facts §5.7)."""


async def inventory(webhooks: Webhooks) -> tuple[JsonObject, ...]:
    """``{"module", "present", "granted"}``; ``present`` is None when the portal does not tell."""
    known = await webhooks.known()
    asked: dict[str, Command] = {scope: ("method.get", {"name": method}) for scope, method in _MODULES.items()}
    try:
        results = (await known[0].transport.batch(asked)).results
    except PortageError:
        results = {}
    return tuple(
        {
            "module": scope,
            "present": as_map(results.get(scope)).get("isExisting"),
            "granted": any(webhook.may(scope) for webhook in known),
        }
        for scope in _MODULES
    )
