"""Overwriting records that somebody changed at the target, in a run that is to repair.

The target answers ``duplicate`` to a version that it was sent before, and writes nothing (contract §2), however its
content was changed since. So what it has now is sent first, as a version of its own: nothing changes by it but the
key, and an undo of the run finds it again. After that ours is another version, and is written.
"""

from collections.abc import Awaitable, Callable, Sequence

from shared.engine.importing.outcome import Outcome
from shared.model.errors import RecordRejected
from shared.model.records import OutgoingItem
from shared.ports.systems import Target
from shared.transform.canonical import checksum
from shared.transform.files import FILES

_ASKED_AT_ONCE = 100
"""Records of one call that reads (contract §4)."""


async def versions_there(
    target: Target, items: Sequence[OutgoingItem], outcome: Outcome, may_call: Callable[[], Awaitable[None]]
) -> tuple[list[OutgoingItem], set[str]]:
    """What the target has of those of ``items`` that were changed there, to be sent before them.

    The second are source ids of records that the target has in no form that could be sent. Files are replaced without
    all this: they are kept by their content.
    """
    entity, changed = outcome.results.row.key.entity, [one for one in items if outcome.is_altered(one.source_id)]
    found: list[OutgoingItem] = []
    refused: set[str] = set()
    for start in range(0, len(changed) if entity != FILES else 0, _ASKED_AT_ONCE):
        some = {one.source_id: one for one in changed[start : start + _ASKED_AT_ONCE]}
        await may_call()
        for source_id, there in (await target.read(entity, list(some))).items():
            try:
                digest = checksum(there["data"])
            except RecordRejected as error:
                outcome.stays_altered(source_id, error.message)
                refused.add(source_id)
                continue
            if digest != some[source_id].checksum:
                key = target.key(entity, source_id, digest)
                found.append(OutgoingItem(source_id, key, digest, there["data"]))
    return found, refused
