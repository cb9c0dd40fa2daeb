"""How much of a portal its webhooks show, for entities that only participants see (API facts §1.2)."""

from collections import Counter
from collections.abc import Collection, Iterable

from shared.model.json import Json


def seen_by(readers: Iterable[Collection[str]]) -> dict[str, int]:
    """``{"seen_by 7": 12, "seen_only_by 7": 3}`` for records that these users' webhooks show."""
    counts: Counter[str] = Counter()
    for users in readers:
        counts.update(f"seen_by {user}" for user in users)
        if len(users) == 1:
            counts[f"seen_only_by {next(iter(users))}"] += 1
    return dict(counts)


def number(told: Json) -> int:
    """A count as the portal writes it; 0 for anything else."""
    return int(told) if str(told).isdecimal() else 0
