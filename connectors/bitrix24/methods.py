"""The read allow-list. A method that is not here never leaves the process, inside ``batch`` or out of it.

Names are in the letters of the documentation: portals know them in any case, but nobody says that all of them do.
"""

import re

from shared.model.errors import RunStopped

READ_METHODS = frozenset(
    {
        "app.info",
        "bizproc.workflow.template.list",
        "crm.category.list",
        "crm.company.userfield.list",
        "crm.contact.userfield.list",
        "crm.deal.userfield.list",
        "crm.item.get",
        "crm.item.list",
        "crm.status.list",
        "crm.type.list",
        "department.get",
        "disk.attachedObject.get",
        "disk.file.get",
        "im.chat.get",
        "im.chat.user.list",
        "im.dialog.get",
        "im.dialog.messages.get",
        "im.recent.list",
        "log.blogcomment.user.get",
        "log.blogpost.get",
        "method.get",
        "methods",
        "profile",
        "scope",
        "server.time",
        "sonet_group.get",
        "sonet_group.user.get",
        "task.checklistitem.getlist",
        "task.commentitem.getlist",
        "task.item.userfield.getlist",
        "tasks.task.get",
        "tasks.task.getFields",
        "tasks.task.list",
        "user.current",
        "user.fields",
        "user.get",
        "user.userfield.list",
        "userfieldconfig.get",
        "userfieldconfig.list",
    }
)


_BY_SMALL_LETTERS = {name.lower(): name for name in READ_METHODS}
_NAME = re.compile(r"[A-Za-z0-9_.]{1,80}")


def require_read(method: str) -> str:
    """The method as it stands on the list. Raises RunStopped("source.write_refused") unless it only reads."""
    name = _BY_SMALL_LETTERS.get(method.lower().removesuffix(".json").removesuffix(".xml"))
    if name is None:
        raise RunStopped("source.write_refused", f"{shown(method)} is not on the list of read methods")
    return name


def shown(method: str) -> str:
    """The method's name alone, fit for a message and a counter: no parameters, and not without end."""
    found = _NAME.match(method)
    return found[0] if found else "?"
