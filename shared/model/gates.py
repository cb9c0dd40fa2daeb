"""Gates: what has to hold before a migration may be signed off, as a plan says it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gates:
    """Each of them None (or False) where a plan does not ask for it. Shares are fractions: 0.99 is 99 per cent.

    ``counts_match``: the target has as many records of each entity as the source gave and nobody gave up.
    ``sample_equal``: share of the records that were made anew and are equal field by field, at least. ``orphans``:
    links to what is not there, at most. ``images``: share of the files that arrived and can be opened, at least.
    ``dead_letters``: share of all records that failed for good; it has to stay below. ``retries``: share of
    the failures that may pass which did when they were tried again, at least.
    """

    counts_match: bool = False
    sample_equal: float | None = None
    orphans: int | None = None
    images: float | None = None
    dead_letters: float | None = None
    retries: float | None = None
