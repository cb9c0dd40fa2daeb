"""Ids cut into ranges of equal width."""

import math

_SMALLEST = 2500
"""Ids; less is not worth a range of its own."""


def id_ranges(first: int, last: int, most: int) -> list[tuple[int, int | None]]:
    """``(after, upto)`` of up to ``most`` ranges that hold the ids from ``first`` on; the last is open upwards."""
    count = max(1, min(most, math.ceil((last - first + 1) / _SMALLEST)))
    width = math.ceil((last - first + 1) / count)
    afters = [first - 1 + number * width for number in range(count)]
    return [*((after, after + width) for after in afters[:-1]), (afters[-1], None)]
