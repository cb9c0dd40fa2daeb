"""Trees of workflow templates, which name users deep inside (API facts §4.6)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.model.json import Json
from shared.transform.making import Maker, Making
from shared.transform.references import Composed, Lookup, Pending

_USER = re.compile(r"user_([1-9][0-9]{0,17})")
_GONE = object()


@dataclass(frozen=True, slots=True)
class WorkflowTree(Composed):
    """A tree in which every ``user_5`` becomes the target's. Who has no target id is left out of lists, and is null
    elsewhere. All other codes (groups of users, fields, stages) stay as they are."""

    tree: Json
    users: tuple[str, ...]

    @property
    def references(self) -> tuple[Pending, ...]:
        """See ``Composed``."""
        return tuple(Pending("user", one, required=False) for one in self.users)

    def compose(self, lookup: Lookup) -> Json:
        """The tree with the users of the target."""
        return _renamed(self.tree, {one: lookup("user", one) for one in self.users})


def workflow_tree(making: Making) -> Json:
    """A tree of activities, parameters, variables or constants; None for an empty one."""
    tree = making.value()
    if tree in (None, "", [], {}):
        return None
    if not isinstance(tree, dict | list):
        raise ValueError("is neither an object nor a list")  # noqa: TRY004  # what makers raise
    return WorkflowTree(tree, tuple(dict.fromkeys(_users(tree))))


def _users(tree: Json) -> Iterator[str]:
    if isinstance(tree, dict | list):
        for inner in tree.values() if isinstance(tree, dict) else tree:
            yield from _users(inner)
    elif isinstance(tree, str) and (match := _USER.fullmatch(tree)):
        yield match[1]


def _renamed(tree: Json, users: Mapping[str, str | None]) -> Json:
    if isinstance(tree, dict):
        return {name: None if (one := _renamed(inner, users)) is _GONE else one for name, inner in tree.items()}
    if isinstance(tree, list):
        return [one for inner in tree if (one := _renamed(inner, users)) is not _GONE]
    if isinstance(tree, str) and (match := _USER.fullmatch(tree)):
        target_id = users[match[1]]
        return _GONE if target_id is None else f"user_{target_id}"
    return tree


MAKERS: Mapping[str, Maker] = {"workflow_tree": workflow_tree}
