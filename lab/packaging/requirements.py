"""Which installed files belong to what ``requirements.txt`` names: those distributions, and what they need."""

from collections import deque
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement


def installed_files(requirements: Path) -> list[Path]:
    """Every file that installing ``requirements`` would bring. Raises PackageNotFoundError for what is not there."""
    return [Path(str(one.locate_file(file))) for one in _closure(requirements) for file in one.files or ()]


def _closure(requirements: Path) -> Iterator[Distribution]:
    lines = (line.partition("#")[0].strip() for line in requirements.read_text("utf-8").splitlines())
    waiting = deque(Requirement(line) for line in lines if line)
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.popleft()
        extras = frozenset(wanted.extras)
        if (wanted.name.lower(), extras) in seen:
            continue
        seen.add((wanted.name.lower(), extras))
        found = distribution(wanted.name)
        yield found
        for text in found.requires or ():
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append(needed)
