"""What arrived: counts of each entity that add up, with what each of them means."""

from collections.abc import Mapping

from shared.model.json import JsonObject
from shared.model.plan import Plan

ENDS = ("imported", "skipped", "duplicate", "failed", "left_out")
"""Every record that was read ends in one of these, or is still open."""

AGAIN = ("made_again", "sent_again")
"""Counts of records that need not be among those read."""

MEANINGS = {
    "expected": "what the source itself counted beforehand, as advice; a portal that is in use changes meanwhile",
    "extracted": "records read from the source",
    "imported": "sent to the target and taken by it: created, or updated",
    "created": "of those imported: new at the target",
    "updated": "of those imported: there before, and changed",
    "skipped": "the same as what an earlier run had brought in, so nothing was sent",
    "duplicate": "the target had this very version already, as it does when a call is repeated",
    "failed": "given up; each is a dead letter with its reason",
    "left_out": "stay behind by decision: of the plan, or because the target keeps an older version",
    "open": "read, and not yet brought to any of these ends",
    "unread": "dead letters of records that are not among those extracted: they could not be read, or were made again",
    "patched": "imported a second time, when what they link to had arrived",
    "made_again": "read by this run or an earlier one, and made once more from the archive, for what they link to came "
    "or went, or their mapping changed; not among the counts before",
    "sent_again": "of those made again: had changed by that, and were sent to the target as updates",
    "placeholders": "made up at the target for people who are gone from the source",
}
"""In words, for who signs."""

_AS_TOLD = ("expected", "extracted", *ENDS, "created", "updated", "patched", *AGAIN, "placeholders", "dead_lettered")
_SUMMED = (*_AS_TOLD[1:], "open", "unread")


def arrived(plan: Plan, entities: Mapping[str, JsonObject]) -> JsonObject:
    """``entities`` are those of the run's status. ``adds_up``: what was read is what came to the ends."""
    found = {name: _entity(entity, archived=plan.entity(name).archive_only) for name, entity in entities.items()}
    imported = [one for one in found.values() if not one["archived_only"]]
    return {
        "entities": found,
        "total": {name: sum(one[name] for one in imported) for name in _SUMMED},
        "adds_up": all(one["adds_up"] for one in imported),
        "meanings": MEANINGS,
    }


def _entity(told: JsonObject, *, archived: bool) -> JsonObject:
    counts = {name: told[name] for name in _AS_TOLD}
    ended = sum(counts[name] for name in ENDS)
    return {
        **counts,
        "deleted_at_source": told["deleted_at_source"],
        "archived_only": archived,
        "open": 0 if archived else max(0, counts["extracted"] - ended),
        "unread": max(0, counts["dead_lettered"] - counts["failed"]),
        "adds_up": archived or counts["extracted"] == ended,
    }
