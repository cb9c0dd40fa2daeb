"""Tracing: how a record comes about, field by field, by the very code that transforms it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shared.engine.explaining.masking import Masking
from shared.engine.importing.lookup import BlockCache
from shared.engine.job import Job
from shared.model.errors import PortageError, RecordRejected
from shared.model.json import Json, JsonObject
from shared.model.records import SourceRecord
from shared.ports.stores import IdMap
from shared.transform.canonical import checksum
from shared.transform.making import Surroundings
from shared.transform.references import Composed, Pending, pending, resolve
from shared.transform.watching import Made


@dataclass(slots=True)
class Trace:
    """``steps`` are the fields in order, as far as it came; ``data`` is the canonical record, None when it is refused.

    ``refused`` says why it cannot go in as it is; ``references`` have their target ids, where they have any.
    """

    steps: list[Made] = field(default_factory=list)
    flaws: tuple[str, ...] = ()
    data: JsonObject | None = None
    digest: str | None = None
    refused: JsonObject | None = None
    references: dict[Pending, str | None] = field(default_factory=dict)

    @property
    def by(self) -> dict[str, str]:
        """By canonical field, what makes it."""
        return {made.field: made.by for made in self.steps}


async def traced(
    job: Job, idmap: IdMap, entity: str, source_id: str, rows: Mapping[str, SourceRecord], around: Surroundings
) -> Trace:
    """Transform a record as an import does, with the target ids that the id map has now. ``rows`` are its slice."""
    trace, mapping = Trace(), job.mappings[entity]

    def lying(one: Pending) -> Pending:
        """Of its own slice, an import knows by which parents the records lie."""
        neighbour = rows.get(one.source_id) if one.entity == entity else None
        return one if neighbour is None else replace(one, within=mapping.parent(neighbour))

    try:
        draft = mapping.apply(rows[source_id], around, trace.steps.append)
        trace.flaws = draft.flaws
        lookup = await BlockCache(idmap).lookup(map(lying, pending(draft.data)))
        trace.references = {one: lookup(one.entity, one.source_id) for one in pending(draft.data)}
        resolution = resolve(draft.data, lookup)
        trace.data, trace.digest = resolution.data, checksum(resolution.data)
        if resolution.blocking:
            named = ", ".join(f"{one.entity} {one.source_id}" for one in resolution.blocking)
            trace.refused = {"reason": "reference.missing", "message": f"needs {named}", "field": None}
        else:
            job.validate(entity, resolution.data)
    except RecordRejected as error:
        trace.refused = {"reason": error.reason.code, "message": error.message, "field": error.field}
    return trace


def steps_told(trace: Trace, masking: Masking) -> list[JsonObject]:
    """Each field before and after it is made, and once its references are resolved."""
    told = []
    for made in trace.steps:
        step: dict[str, Any] = {
            "field": made.field,
            "by": made.by,
            "before": {name: masking.of(value, made.by) for name, value in made.before.items()},
            "after": _unresolved(made.after, made.by, masking),
            "resolved": masking.of(trace.data.get(made.field), made.by) if trace.data is not None else None,
            "flaws": list(made.flaws),
            "refused": made.refused,
        }
        told.append(step)
    return told


def references_told(trace: Trace) -> Iterable[JsonObject]:
    """Each record that is referred to, with its target id; without one it is missing, or not waited for."""
    for one, target_id in trace.references.items():
        missing = "missing" if one.awaited else "not awaited"
        yield {
            "entity": one.entity,
            "source_id": one.source_id,
            "within": one.within,
            "target_id": target_id,
            "required": one.required,
            "state": "resolved" if target_id is not None else missing,
        }


def failure_told(error: PortageError) -> JsonObject:
    """An error as an answer tells it."""
    return {"reason": error.reason.code, "message": error.message}


def _unresolved(value: Json, by: str, masking: Masking) -> Json:
    if isinstance(value, Pending):
        return f"{value.entity}:{value.source_id}"
    if isinstance(value, Composed):
        return masking.of(value.compose(lambda _entity, _source_id: None), by)
    if isinstance(value, dict):
        return {name: _unresolved(one, by, masking) for name, one in value.items()}
    if isinstance(value, list):
        return [_unresolved(one, by, masking) for one in value]
    return masking.of(value, by)
