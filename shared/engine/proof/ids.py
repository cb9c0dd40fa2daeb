"""Sets of ids that fit into memory by the million: eight bytes each, sorted."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Ids:
    """A set of ids by their digests. Of a few millions, two share a digest once in a million sets."""

    _digests: "array[int]"

    @staticmethod
    def of(pages: Iterable[Iterable[str]]) -> "Ids":
        """All ids of all pages."""
        found = array("Q")
        for page in pages:
            found.extend(map(_digest, page))
        return Ids(array("Q", sorted(found)))

    @property
    def doubled(self) -> int:
        """How many of what it was made of were there before."""
        return sum(one == other for one, other in pairwise(self._digests))

    def __contains__(self, one: str) -> bool:
        """Whether the id is in the set."""
        digest = _digest(one)
        place = bisect_left(self._digests, digest)
        return place < len(self._digests) and self._digests[place] == digest


def _digest(one: str) -> int:
    return int.from_bytes(blake2b(one.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
