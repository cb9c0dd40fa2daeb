"""What a comparison found, and how one record's fields are held against what they must be."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class Compared:
    """What the comparison of one entity found. ``differences`` are sentences; none means that all of it arrived.

    ``expected`` is how many records had to arrive, ``arrived`` how many are in the gateway. ``counted`` tells how many
    records, or parts of them, nobody could have copied, by reason, and how many were made up. With a ``remark`` nothing
    was compared, and it says why.
    """

    name: str
    expected: int
    arrived: int
    values: int = 0
    links: int = 0
    differences: list[str] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)
    remark: str | None = None

    def as_json(self) -> Json:
        """For a report."""
        return asdict(self)

    def differs(self, where: str, expected: object, found: object) -> None:
        """One more difference."""
        self.differences.append(f"{where}: expected {expected!r}, found {found!r}")

    def count(self, reason: str, count: int = 1) -> None:
        """Something that is no difference, and yet not as in the portal."""
        if count:
            self.counted[reason] = self.counted.get(reason, 0) + count

    def ids(self, expected: Iterable[str], arrived: Iterable[str]) -> set[str]:
        """Count both sides, note what is on one of them only, and answer what is on both."""
        here, there = set(expected), set(arrived)
        self.expected, self.arrived = len(here), len(there)
        self.differences += [f"{one} did not arrive" for one in sorted(here - there)]
        self.differences += [f"{one} should not be there" for one in sorted(there - here)]
        return here & there
