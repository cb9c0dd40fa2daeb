"""The read allow-list. A method that is not here never leaves the process, inside ``batch`` or out of it."""

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


def require_read(method: str) -> str:
    """The method in lower case. Raises RunStopped("source.write_refused") unless it only reads."""
    name = method.lower().removesuffix(".json").removesuffix(".xml")
    if name not in READ_METHODS:
        raise RunStopped("source.write_refused", f"{method} is not on the list of read methods")
    return name
