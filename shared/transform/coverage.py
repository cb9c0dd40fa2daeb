"""Coverage: source fields that nobody decided about, so that none of them vanishes unnoticed."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from shared.model.json import Json, JsonObject
from shared.transform.mapping import Mapping


def undecided(mapping: Mapping, rows: Iterable[JsonObject]) -> dict[str, int]:
    """Fields of source rows that are neither mapped nor ignored, by name.

    The number tells in how many of the rows the field holds something; it may be 0. A rule, a table or ``[ignore]``
    decides about a field by its name or by a pattern that fits it (``UF_*``). Where they name fields inside an object
    alone (``details.chatId``), each field of that object has to be decided about.
    """
    decisions = _Decisions(mapping)
    found: dict[str, int] = {}
    for row in rows:
        _look(decisions, "", row, found)
    return dict(sorted(found.items()))


class _Decisions:
    def __init__(self, mapping: Mapping) -> None:
        self.names = mapping.sources | mapping.ignored.keys()
        self.objects = {name.rpartition(".")[0] for name in self.names if "." in name}
        self._patterns = [name for name in self.names if "*" in name]
        self._known: dict[str, bool] = {}

    def made(self, name: str) -> bool:
        if name not in self._known:
            self._known[name] = name in self.names or any(fnmatchcase(name, one) for one in self._patterns)
        return self._known[name]


def _look(decisions: _Decisions, place: str, row: JsonObject, found: dict[str, int]) -> None:
    for name, value in row.items():
        path = place + name
        if decisions.made(path):
            continue
        if path in decisions.objects:
            _look_inside(decisions, path, value, found)
        else:
            found[path] = found.get(path, 0) + (not _is_nothing(value))


def _is_nothing(value: Json) -> bool:
    return value is None or value is False or value in ("", [], {})


def _look_inside(decisions: _Decisions, path: str, value: Json, found: dict[str, int]) -> None:
    if isinstance(value, dict):
        _look(decisions, f"{path}.", value, found)
