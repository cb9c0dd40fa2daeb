"""Which run a new one follows: the one whose seals it may believe (``importing.seals``).

A run that leaves everything settled signs the id map itself, so a map that was lost or put back from a copy vouches
for nothing. Whoever changes the target or the map other than by a run takes the signature away.
"""

from collections.abc import Iterable
from datetime import datetime

from shared.engine.runs.progress import EntityProgress
from shared.model.idmap import IdMapEntry
from shared.model.run import Run, RunState
from shared.ports.stores import IdMap

_ENTITY, _ID = "run", "settled"
_COMPLETE = (RunState.COMPLETED, RunState.COMPLETED_WITH_ERRORS)


async def sign(idmap: IdMap, run: Run, now: datetime, progress: Iterable[EntityProgress]) -> None:
    """Note that ``run`` was the last to write; it does not vouch for what it sealed if a record was made anew."""
    settled = not run.options.apply_deletes and not any(entity.counts.retargeted for entity in progress)
    await _write(idmap, run.run_id if settled else "", now)


async def withdraw(idmap: IdMap, now: datetime) -> None:
    """No run vouches for anything any more."""
    await _write(idmap, "", now)


async def followed(idmap: IdMap, before: Iterable[Run]) -> str | None:
    """Of a plan's runs, newest first, the one that the next writing run may believe; None: none."""
    last = next((run for run in before if run.mode.writes), None)
    if last is None or last.state not in _COMPLETE:
        return None
    signed = (await idmap.find(_ENTITY, {_ID: None})).get(_ID)
    return last.run_id if signed is not None and signed.target_id == last.run_id else None


async def _write(idmap: IdMap, run_id: str, now: datetime) -> None:
    await idmap.write([IdMapEntry(_ENTITY, _ID, run_id, "", now, run_id, "signed", "")])
