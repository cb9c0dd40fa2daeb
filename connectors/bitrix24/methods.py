"""The read allow-list. A method that is not here never leaves the process, inside ``batch`` or out of it."""

import re

from shared.model.errors import RunStopped

READ_METHODS = frozenset(
    {
        "app.info",
        "department.get",
        "method.get",
        "methods",
        "profile",
        "scope",
        "server.time",
        "sonet_group.get",
        "sonet_group.user.get",
        "user.current",
        "user.fields",
        "user.get",
    }
)


_NAME = re.compile(r"[A-Za-z0-9_.]{1,80}")


def require_read(method: str) -> str:
    """The method as it stands on the list. Raises RunStopped("source.write_refused") unless it only reads."""
    name = method.lower().removesuffix(".json").removesuffix(".xml")
    if name not in READ_METHODS:
        raise RunStopped("source.write_refused", f"{shown(method)} is not on the list of read methods")
    return name


def shown(method: str) -> str:
    """The method's name alone, fit for a message and a counter: no parameters, and not without end."""
    found = _NAME.match(method)
    return found[0] if found else "?"
