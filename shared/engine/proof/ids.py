"""Sets of ids that fit into memory by the million: eight bytes each, sorted."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise

_BUCKETS = 256
_SHIFT = 56
"""By their first byte ids fall into buckets, so that sorting unpacks one of them at a time."""


@dataclass(frozen=True, slots=True)
class Ids:
    """A set of ids by their digests. Of a few millions, two share a digest once in a million sets."""

    _buckets: Sequence["array[int]"]

    @staticmethod
    def of(pages: Iterable[Iterable[str]]) -> "Ids":
        """All ids of all pages."""
        gathered = Gathered()
        for page in pages:
            gathered.add(page)
        return gathered.ids()

    @property
    def doubled(self) -> int:
        """How many of what it was made of were there before."""
        return sum(one == other for bucket in self._buckets for one, other in pairwise(bucket))

    def __contains__(self, one: str) -> bool:
        """Whether the id is in the set."""
        digest = _digest(one)
        bucket = self._buckets[digest >> _SHIFT]
        place = bisect_left(bucket, digest)
        return place < len(bucket) and bucket[place] == digest


@dataclass(slots=True)
class Gathered:
    """Ids as they come, page by page."""

    _buckets: list["array[int]"] = field(default_factory=lambda: [array("Q") for _ in range(_BUCKETS)])

    def add(self, ids: Iterable[str]) -> None:
        """Those of one page more."""
        for digest in map(_digest, ids):
            self._buckets[digest >> _SHIFT].append(digest)

    def ids(self) -> Ids:
        """All of them, as a set."""
        return Ids([array("Q", sorted(bucket)) for bucket in self._buckets])


def _digest(one: str) -> int:
    return int.from_bytes(blake2b(one.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
