"""Coverage: source fields that nobody decided about, so that none of them vanishes unnoticed."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from shared.model.json import Json, JsonObject

MOST_NAMES = 50
"""How many fields are named one by one; those that hold something most often go first."""
FURTHER = "*"
"""The name under which the others are counted together."""


class Coverage:
    """What was decided about the source fields of one entity: by name, or by a pattern that fits (``UF_*``).

    Where a decision names fields inside an object alone (``details.chatId``), each field of that object has to be
    decided about. Made once and asked for each slice: a row whose fields are all decided costs a difference of sets.
    """

    def __init__(self, decided: Iterable[str]) -> None:
        names = set(decided)
        self._patterns = [name for name in names if "*" in name]
        objects = {name.rpartition(".")[0] for name in names if "." in name} - names
        self._objects = frozenset(name for name in objects if not self._fits(name))
        self._decided = names

    def undecided(self, rows: Iterable[JsonObject]) -> dict[str, int]:
        """Fields that nobody decided about, with the number of rows in which each holds something; it may be 0.

        Bounded as ``added_up`` is.
        """
        found: dict[str, int] = {}
        for row in rows:
            if new := row.keys() - self._decided:
                self._look("", row, new, found)
        return _bounded(found)

    def _look(self, place: str, row: JsonObject, new: Iterable[str], found: dict[str, int]) -> None:
        for name in new:
            path, value = place + name, row[name]
            if path in self._objects:
                if isinstance(value, dict):
                    self._look(f"{path}.", value, value, found)
            elif not self._is_decided(path):
                found[path] = found.get(path, 0) + (not _is_nothing(value))

    def _is_decided(self, path: str) -> bool:
        if path in self._decided:
            return True
        if self._fits(path):
            self._decided.add(path)
            return True
        return False

    def _fits(self, path: str) -> bool:
        return any(fnmatchcase(path, pattern) for pattern in self._patterns)


def added_up(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """What was found in several slices as one: by name, at most ``MOST_NAMES`` of them and ``FURTHER``."""
    total: dict[str, int] = {}
    for one in counts:
        for name, rows in one.items():
            total[name] = total.get(name, 0) + rows
    return _bounded(total)


def _bounded(found: dict[str, int]) -> dict[str, int]:
    further = found.pop(FURTHER, None)
    most = sorted(found, key=lambda name: (-found[name], name))
    kept = {name: found[name] for name in sorted(most[:MOST_NAMES])}
    if further is None and len(most) <= MOST_NAMES:
        return kept
    return {**kept, FURTHER: (further or 0) + sum(found[name] for name in most[MOST_NAMES:])}


def _is_nothing(value: Json) -> bool:
    return value is None or value is False or value in ("", [], {})
