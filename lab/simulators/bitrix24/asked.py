"""Reading parameters: numbers, lists, and arguments that go by place and not by name (API facts §1.1)."""

from typing import Any

from lab.simulators.bitrix24.parameters import Tree, pick

_OF_THE_SERVER = ("start", "auth")  # taken out before the method sees its arguments


def integer(tree: Tree, name: str, default: int = 0) -> int:
    """A number, or the default for what is none."""
    try:
        return int(pick(tree, name))
    except (TypeError, ValueError):
        return default


def listed(value: Any) -> list[Any]:
    """A list whatever PHP made of it; one value is a list of one, nothing is none."""
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return value
    return [] if value in (None, "") else [value]


def mapped(value: Any) -> Tree:
    """An object; an empty PHP array is one too."""
    return value if isinstance(value, dict) else {}


def arguments(tree: Tree, count: int) -> list[Any]:
    """The first ``count`` arguments in the order in which they came; None for those that did not."""
    given = [value for name, value in tree.items() if name.lower() not in _OF_THE_SERVER]
    return [*given, *([None] * count)][:count]
