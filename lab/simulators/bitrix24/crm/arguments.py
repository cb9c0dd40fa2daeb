"""What CRM methods take: ids, offsets, filters, orders, selections."""

from typing import Any

from lab.simulators.bitrix24.errors import PortalError
from lab.simulators.bitrix24.parameters import Tree, pick


def number(given: Any) -> int:
    """An id or an offset as PHP takes it: 0 for what is none."""
    try:
        return int(given)
    except (TypeError, ValueError):
        return 0


def names(given: Any) -> list[str]:
    """A selection, from a list or from numbered keys."""
    values = given.values() if isinstance(given, dict) else given if isinstance(given, list) else ()
    return [one for one in values if isinstance(one, str)]


def mapping(parameters: Tree, name: str) -> Any:
    """A filter or an order: a list or an object. Raises PortalError for a text, as the classic family does."""
    given = pick(parameters, name)
    if given in (None, ""):
        return {}
    if not isinstance(given, dict | list):
        raise PortalError("", f"Parameter '{name}' must be array.")
    return given


def yes(given: Any) -> bool:
    """A flag."""
    return str(given) in ("Y", "y", "1", "true", "True")
