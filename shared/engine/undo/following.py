"""The id map follows the target: what the run wrote is held against what the target has now.

The target is asked, whatever it said before: a record that it does not know any more leaves the map, and one that has
its earlier version again is judged anew by the next run. What the run deleted and is there again comes back into it.
"""

from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.engine.clock import Clock
from shared.engine.importing.delivering import MayCall
from shared.engine.importing.lookup import References
from shared.engine.job import Job, Jobs
from shared.engine.undo.outcomes import NOT_OFFERED, WENT_ALONG, KeptIds
from shared.model.idmap import IdMapEntry
from shared.model.json import JsonObject
from shared.model.records import Undone
from shared.model.run import Run, Undo
from shared.model.tombstones import Fate
from shared.ports.stores import Stores

_AT_ONCE = 100
"""Records that are read back at once."""

RESTORED = "restored"
"""The action of an entry whose record has its version from before a run again. Of which run that is, nobody tells."""


@dataclass(frozen=True, slots=True)
class Following:
    """Sees to the id map."""

    jobs: Jobs
    stores: Stores
    references: References
    kept: KeptIds
    clock: Clock

    async def follow(
        self, run: Run, undo: Undo, entity: str, after: str, may_write: MayCall
    ) -> tuple[list[Undone], str | None]:
        """Bring the entries of an entity behind the place ``after`` up to date.

        Answers what is told nowhere else, and the place to go on from. ``may_write`` is asked before a change.
        """
        job = self.jobs.of(run.plan)
        scanned = await self.stores.idmaps.of(run.plan).scan(entity, after)
        ours = [entry for entry in scanned.entries if entry.run_id == run.run_id or entry.action == RESTORED]
        if not job.target.undoes(entity):
            objects = {entry.target_id: entry.source_id for entry in reversed(ours) if entry.run_id == run.run_id}
            return [Undone(source_id, "kept", NOT_OFFERED) for source_id in objects.values()], scanned.next
        if not after:
            await self._deleted(run, job, entity, may_write)
        gone = await self._held_against(run, job, entity, ours, may_write)
        along = [] if entity in undo.entities else gone
        return [Undone(entry.source_id, "deleted", WENT_ALONG) for entry in along], scanned.next

    async def _held_against(
        self, run: Run, job: Job, entity: str, ours: Sequence[IdMapEntry], may_write: MayCall
    ) -> list[IdMapEntry]:
        """Answers the entries that left the map."""
        there = await _read(job, entity, [entry.source_id for entry in ours])
        known = {one["target_id"] for one in there.values()}
        gone = [one for one in ours if one.source_id not in there and one.target_id not in known]
        kept = await self.kept.of(run, entity)
        changed = [
            self._restored(entry, now)
            for entry in ours
            if entry.source_id not in kept and (now := there.get(entry.source_id)) and _differs(entry, now)
        ]
        await may_write()
        await self.references.remove(run.plan, gone)
        await self.references.write(run.plan, changed)
        return gone

    async def _deleted(self, run: Run, job: Job, entity: str, may_write: MayCall) -> None:
        """Records that the run deleted, because the source had them no more, have their entries again."""
        stones = await self.stores.tombstones.of(run.plan, entity)
        ours = {one.source_id: one for one in stones if one.fate is Fate.DELETED and one.seen_by == run.run_id}
        there = await _read(job, entity, list(ours))
        if there:
            await may_write()
            await self.references.write(run.plan, [self._restored(ours[one].entry, now) for one, now in there.items()])
            stones = [replace(ours[one], fate=Fate.THERE, reason=None) for one in there]
            await self.stores.tombstones.write(run.plan, stones)

    def _restored(self, entry: IdMapEntry, now: JsonObject) -> IdMapEntry:
        return replace(
            entry,
            target_id=now["target_id"],
            checksum=now["checksum"],
            imported_at=self.clock.now(),
            action=RESTORED,
            origin=None,
        )


async def _read(job: Job, entity: str, source_ids: Sequence[str]) -> dict[str, JsonObject]:
    """What the target has of these records."""
    found: dict[str, JsonObject] = {}
    for start in range(0, len(source_ids), _AT_ONCE):
        found |= await job.target.read(entity, source_ids[start : start + _AT_ONCE])
    return found


def _differs(entry: IdMapEntry, now: AbstractMapping[str, str]) -> bool:
    return (entry.target_id, entry.checksum) != (now["target_id"], now["checksum"])
