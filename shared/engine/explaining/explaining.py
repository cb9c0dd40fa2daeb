"""The life of one record: where its raw data lies, how it comes about, what became of it, and how the target has it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from shared.engine.explaining.masking import Masking
from shared.engine.explaining.sightings import RUNS, Search, Sighting
from shared.engine.explaining.tracing import Trace, failure_told, references_told, steps_told, traced
from shared.engine.importing.describing import Descriptions
from shared.engine.job import Job, Jobs
from shared.engine.proof.fields import differing
from shared.model.errors import PortageError
from shared.model.idmap import IdMapEntry
from shared.model.json import Json, JsonObject
from shared.model.reasons import REASONS
from shared.model.records import DeadLetter, SourceRecord
from shared.ports.stores import Stores


@dataclass(frozen=True, slots=True)
class Explaining:
    """Explains records. ``unmasked`` tells whether people's data is to be shown as it is."""

    jobs: Jobs
    stores: Stores
    descriptions: Descriptions
    unmasked: Callable[[], bool]

    async def of(self, plan: str, entity: str, source_id: str, within: str | None = None) -> JsonObject | None:
        """See ``Explanation`` in the OpenAPI document; None of a record that nobody knows of.

        ``within`` is the parent of a record that lies by it in the id map; without it, the parent is looked for.
        """
        job, masking = self.jobs.of(plan), Masking(self.unmasked())
        idmap = self.stores.idmaps.of(plan)
        entry = (await idmap.find(entity, {source_id: within})).get(source_id)
        search = Search(self.jobs, self.stores, entity, source_id)
        sightings = await search.runs(plan, entry)
        read, rows = await self._read(search, sightings)
        record = rows.get(source_id)
        if entry is None and record is not None and (parent := self._parent(job, entity, record)) is not None:
            entry = (await idmap.find(entity, {source_id: parent})).get(source_id)
        letters = await self._letters(plan, entity, source_id)
        if entry is None and not sightings and not letters:
            return None
        trace = None
        if read is not None and record is not None and entity in job.mappings:
            around = await self.descriptions.of(read.run, job, entity)
            trace = await traced(job, idmap, entity, source_id, rows, around)
        return {
            "plan": plan,
            "entity": entity,
            "source_id": source_id,
            "masking": masking.rule,
            "complete": search.complete,
            "id_map": _entry(entry) if entry else None,
            "raw": _raw(read, record, trace, masking),
            **_transformed(trace, masking),
            "target": await self._target(job, entity, source_id, trace, masking),
            "dead_letters": [_letter(one) for one in letters],
            "history": [_sighting(one) for one in sightings],
        }

    async def _read(
        self, search: Search, sightings: Sequence[Sighting]
    ) -> tuple[Sighting | None, dict[str, SourceRecord]]:
        """The newest run that read the record, of those whose rows can be had, and its slice."""
        for one in sightings:
            if rows := await search.slice_of(one):
                return one, rows
        return (sightings[0] if sightings else None), {}

    @staticmethod
    def _parent(job: Job, entity: str, record: SourceRecord) -> str | None:
        return job.mappings[entity].parent(record) if entity in job.mappings else None

    async def _letters(self, plan: str, entity: str, source_id: str) -> list[DeadLetter]:
        runs = await self.stores.runs.list(plan=plan)
        letters = await self.stores.dead_letters.find([(run.run_id, entity, source_id) for run in runs[:RUNS]])
        order = {run.run_id: place for place, run in enumerate(runs)}
        return sorted(letters, key=lambda letter: order[letter.run_id])

    async def _target(self, job: Job, entity: str, source_id: str, trace: Trace | None, masking: Masking) -> JsonObject:
        """What the target has of the record now, and where that is not what an import would make today."""
        told: JsonObject = dict.fromkeys(("found", "target_id", "checksum", "same", "error"))
        told["differences"] = []
        try:
            there = (await job.target.read(entity, [source_id])).get(source_id)
        except PortageError as error:
            return {**told, "error": failure_told(error)}
        if there is None:
            return {**told, "found": False}
        told |= {"found": True, "target_id": there["target_id"], "checksum": there["checksum"]}
        if trace is None or trace.data is None:
            return told
        places = list(differing("", trace.data, there["data"]))
        differences = [_difference(place, one, other, trace, masking) for place, one, other in places]
        return {**told, "same": not places, "differences": differences}


def _difference(place: str, expected: Json, found: Json, trace: Trace, masking: Masking) -> JsonObject:
    by = trace.by.get(place.partition(".")[0], "")
    return {"field": place, "expected": masking.of(expected, by), "found": masking.of(found, by)}


def _entry(entry: IdMapEntry) -> JsonObject:
    return {
        "target_id": entry.target_id,
        "checksum": entry.checksum,
        "imported_at": entry.imported_at.isoformat().replace("+00:00", "Z"),
        "run_id": entry.run_id,
        "action": entry.action,
        "page": entry.page,
        "within": entry.within,
        "made_up": entry.made_up,
    }


def _raw(
    read: Sighting | None, record: SourceRecord | None, trace: Trace | None, masking: Masking
) -> JsonObject | None:
    if read is None:
        return None
    row = read.rows[0]
    by = {name: made.by for made in (trace.steps if trace else ()) for name in made.before}
    data = {name: masking.of(value, by.get(name, "")) for name, value in record.data.items()} if record else None
    return {
        "run_id": read.run.run_id,
        "page": row.key.place,
        "raw_blob": row.raw_blob,
        "rows_blob": row.blob,
        "data": data,
    }


def _transformed(trace: Trace | None, masking: Masking) -> JsonObject:
    if trace is None:
        return {"steps": [], "references": [], "flaws": [], "checksum": None, "refused": None}
    return {
        "steps": steps_told(trace, masking),
        "references": list(references_told(trace)),
        "flaws": list(trace.flaws),
        "checksum": trace.digest,
        "refused": trace.refused,
    }


def _sighting(one: Sighting) -> JsonObject:
    return {
        "run_id": one.run.run_id,
        "mode": one.run.mode.value,
        "state": one.run.state.value,
        "started_at": one.run.started_at.isoformat().replace("+00:00", "Z"),
        "outcome": one.outcome,
        "rows": [
            {
                "page": row.key.place,
                "stage": row.key.stage.value,
                "state": row.state.value,
                "attempts": row.attempts,
                "receipts": row.receipts if row.completed_at else None,
                "reason": row.reason,
            }
            for row in one.rows
        ],
        "told": one.told,
    }


def _letter(letter: DeadLetter) -> JsonObject:
    hint = REASONS[letter.reason].hint if letter.reason in REASONS else None
    return {**asdict(letter), "hint": hint}
