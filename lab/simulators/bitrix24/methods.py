"""All methods by name. A family of methods is a folder with a ``METHODS`` table and a line in ``REGISTRY``."""

from lab.simulators.bitrix24 import service
from lab.simulators.bitrix24.calls import Caller, Method, Reply
from lab.simulators.bitrix24.chats import methods as chats
from lab.simulators.bitrix24.crm import methods as crm
from lab.simulators.bitrix24.disk import methods as disk
from lab.simulators.bitrix24.errors import method_not_found
from lab.simulators.bitrix24.feed import methods as feed
from lab.simulators.bitrix24.parameters import Tree, pick
from lab.simulators.bitrix24.people import methods as people
from lab.simulators.bitrix24.tasks import methods as tasks
from lab.simulators.bitrix24.workflows import methods as workflows
from lab.simulators.bitrix24.world import World


def method_get(_world: World, caller: Caller, parameters: Tree) -> Reply:
    """``method.get``: exists, and is available with this webhook."""
    method = REGISTRY.get(str(pick(parameters, "name")).lower())
    available = method is not None and method.scope in ({""} | caller.scopes)
    return Reply({"isExisting": method is not None, "isAvailable": available})


REGISTRY: dict[str, Method] = {
    **crm.METHODS,
    "method.get": Method("", method_get),
    **service.METHODS,
    **people.METHODS,
    **tasks.METHODS,
    **feed.METHODS,
    **chats.METHODS,
    **disk.METHODS,
    **workflows.METHODS,
}


def find(name: str) -> Method:
    """Raises PortalError for a name that does not exist."""
    method = REGISTRY.get(name.lower())
    if method is None:
        raise method_not_found()
    return method
