"""Source fields that did not go over, for the mapping says nothing of them."""

from cli.run_status import FURTHER, EntityStatus, RunStatus
from cli.views.text import number


def undecided_summary(status: RunStatus) -> str:
    """How many there are, and the command that names them; empty for none."""
    held = {one.name: [name for name, count in one.undecided.items() if count] for one in status.entities}
    if not any(held.values()):
        return ""
    counts = ", ".join(
        f"{entity} {number(len(set(names) - {FURTHER}))}{' and more' if FURTHER in names else ''}"
        for entity, names in held.items()
        if names
    )
    what = "source fields did not go over, for nobody decided about them"
    return f"{what}: {counts}; which these are: portage flaws {status.run_id}"


def undecided_line(entity: EntityStatus) -> str:
    """Those of an entity by name, the ones that hold something most often first; empty for none."""
    held = {name: count for name, count in entity.undecided.items() if count}
    if not held:
        return ""
    named = sorted((name for name in held if name != FURTHER), key=lambda name: -held[name])
    parts = [f"{name} ({number(held[name])})" for name in named]
    if FURTHER in held:
        parts.append("and more")
    return (
        f"{entity.name}: fields that did not go over, for nobody decided about them (records that have a value): "
        f"{', '.join(parts)}; take them over or ignore them in the mapping"
    )
