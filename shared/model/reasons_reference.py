"""The reference of reasons, made from the list.

``python -m shared.model.reasons_reference > docs/reference/reasons.md`` writes it.
"""

import sys
from collections.abc import Iterable

from shared.model.reasons import REASONS, Reaction, Reason, Severity

_HEAD = """\
# Reasons

Made from `shared/model/reasons.py` by `shared/model/reasons_reference.py`; a test compares the two.

Whatever is rejected, put off or stopped has one of these reasons; there are no others. They are in dead letters, in the
status of a run, in `source_methods` and `target_methods`, in logs and in metrics.
"""

_REACTIONS = {
    Reaction.RETRY_LATER: "The same request again, later, in pauses that grow and are spread by chance. The call "
    "itself is repeated up to 4 times within 8 s; then its page or slice waits, 2 s at first and up to 15 s, or for as "
    "long as the other side asks (`Retry-After`), and no attempt is used up. After `PORTAGE_HALT_AFTER_SECONDS` of an "
    "outage the run halts with the reason.",
    Reaction.SLOW_DOWN: "A limit is reached: the pace goes down, and the same request is made again when the limit "
    "allows. No error.",
    Reaction.REJECT_RECORD: "Never tried again by itself: the record becomes a dead letter, and the run goes on. "
    "`portage dead-letters requeue` does it again, from what is archived, when the cause is gone.",
    Reaction.STOP_ENTITY: "The entity goes no further, and neither does what needs it; the others do. Resume tries "
    "anew.",
    Reaction.STOP_RUN: "The run halts until a person acts, then resumes it.",
}

_SEVERITIES = {
    Severity.INFO: "Nothing is wrong.",
    Severity.WARNING: "It passes by itself, or shows up again if it does not.",
    Severity.ERROR: "Something stays behind until a person acts.",
    Severity.CRITICAL: "Nothing goes on until a person acts.",
}


def markdown() -> str:
    """The whole page."""
    families: dict[str, list[Reason]] = {}
    for reason in REASONS.values():
        families.setdefault(reason.family, []).append(reason)
    parts = [
        _HEAD,
        "## What the engine does\n",
        _table(("Reaction", "Meaning"), ((f"`{one.value}`", _REACTIONS[one]) for one in Reaction)),
        "## How bad it is\n",
        _table(("Severity", "Meaning"), ((one.value, _SEVERITIES[one]) for one in Severity)),
    ]
    for family, reasons in families.items():
        rows = ((f"`{one.code}`", one.severity.value, f"`{one.reaction.value}`", one.hint) for one in reasons)
        parts += [f"## {family}\n", _table(("Reason", "Severity", "Reaction", "Hint"), rows)]
    return "\n".join(parts)


def _table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [titles, ("---",) * len(titles), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(markdown())
