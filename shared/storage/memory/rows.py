"""Runs, shared rows, dead letters and the id map in memory."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, islice

from shared.model.errors import Conflict
from shared.model.idmap import IdMapEntry, block_of, row_key
from shared.model.json import JsonObject
from shared.model.records import DeadLetter, LetterPlace
from shared.model.run import Run
from shared.model.tombstones import Tombstone
from shared.ports.stores import Lock, Scanned, Stored


def _etags() -> Iterator[str]:
    return (f'W/"{number}"' for number in count(1))


@dataclass(slots=True)
class MemoryRunStore:
    """See ``shared.ports.stores.RunStore``."""

    _runs: dict[str, Run] = field(default_factory=dict)
    _locks: dict[str, Lock] = field(default_factory=dict)
    _bindings: dict[str, tuple[str, str]] = field(default_factory=dict)
    _etag: Iterator[str] = field(default_factory=_etags)

    async def insert(self, run: Run) -> Run:
        """Add a new run."""
        if run.run_id in self._runs:
            raise Conflict(run.run_id)
        self._runs[run.run_id] = replace(run, etag=next(self._etag))
        return self._runs[run.run_id]

    async def get(self, run_id: str) -> Run | None:
        """One run, or None."""
        return self._runs.get(run_id)

    async def list(self, *, plan: str | None = None, state: str | None = None) -> list[Run]:
        """Runs, newest first."""
        chosen = [r for r in self._runs.values() if plan in (None, r.plan) and state in (None, r.state.value)]
        return sorted(chosen, key=lambda run: (run.started_at, run.run_id), reverse=True)

    async def replace(self, run: Run) -> Run:
        """Overwrite a run that did not change since it was read."""
        if run.run_id not in self._runs or self._runs[run.run_id].etag != run.etag:
            raise Conflict(run.run_id)
        self._runs[run.run_id] = replace(run, etag=next(self._etag))
        return self._runs[run.run_id]

    async def lock(self, plan: str, run_id: str) -> None:
        """Take the plan's lock, or take it anew."""
        if plan in self._locks and self._locks[plan].run_id != run_id:
            raise Conflict(plan)
        self._locks[plan] = Lock(run_id, next(self._etag))

    async def lock_of(self, plan: str) -> Lock | None:
        """The plan's lock as it is."""
        return self._locks.get(plan)

    async def unlock(self, plan: str, lock: Lock) -> None:
        """Give the lock back, unless it was taken since."""
        if self._locks.get(plan) == lock:
            del self._locks[plan]

    async def binding(self, plan: str) -> tuple[str, str] | None:
        """The (portal, store_id) pair of the plan's id map."""
        return self._bindings.get(plan)

    async def bind(self, plan: str, portal: str, store_id: str) -> None:
        """Record that pair, once."""
        if self._bindings.setdefault(plan, (portal, store_id)) != (portal, store_id):
            raise Conflict(plan)


@dataclass(slots=True)
class MemorySharedRows:
    """See ``shared.ports.stores.SharedRows``."""

    _rows: dict[tuple[str, str], tuple[JsonObject, str]] = field(default_factory=dict)
    _etag: Iterator[str] = field(default_factory=_etags)

    async def read(self, kind: str, name: str) -> Stored:
        """One row with the time."""
        value, etag = self._rows.get((kind, name), (None, None))
        return Stored(value, etag, time.time())

    async def write(self, kind: str, name: str, value: JsonObject, etag: str | None) -> float:
        """Replace the row read with ``etag``, or insert it."""
        if self._rows.get((kind, name), (None, None))[1] != etag:
            raise Conflict(name)
        self._rows[kind, name] = (value, next(self._etag))
        return time.time()

    async def delete(self, kind: str, name: str) -> None:
        """Remove a row."""
        self._rows.pop((kind, name), None)


@dataclass(slots=True)
class MemoryDeadLetters:
    """See ``shared.ports.stores.DeadLetters``."""

    _letters: dict[tuple[str, str, str], DeadLetter] = field(default_factory=dict)

    async def add(self, letters: Sequence[DeadLetter]) -> None:
        """Insert or overwrite."""
        self._letters |= {(one.run_id, one.entity, row_key(one.source_id)): one for one in letters}

    async def remove(self, run_id: str, entity: str, source_ids: Sequence[str]) -> None:
        """Take letters out."""
        for source_id in source_ids:
            self._letters.pop((run_id, entity, row_key(source_id)), None)

    async def page(
        self, run_id: str | None = None, *, after: LetterPlace | None = None, size: int = 1000
    ) -> list[DeadLetter]:
        """Letters behind a place."""
        begin = (after[0], after[1], row_key(after[2])) if after else ("", "", "")
        places = (key for key in sorted(self._letters) if key > begin and run_id in (None, key[0]))
        return [self._letters[key] for key in islice(places, size)]

    async def find(self, places: Collection[LetterPlace]) -> list[DeadLetter]:
        """The letters that there are."""
        keys = ((run_id, entity, row_key(source_id)) for run_id, entity, source_id in places)
        return [self._letters[key] for key in keys if key in self._letters]

    async def count(self) -> int:
        """How many letters there are."""
        return len(self._letters)


@dataclass(slots=True)
class MemoryTombstones:
    """See ``shared.ports.stores.Tombstones``."""

    _rows: dict[tuple[str, str], dict[str, Tombstone]] = field(default_factory=dict)

    async def write(self, plan: str, tombstones: Sequence[Tombstone]) -> None:
        """Insert or overwrite."""
        for one in tombstones:
            self._rows.setdefault((plan, one.entry.entity), {})[row_key(one.source_id)] = one

    async def of(self, plan: str, entity: str) -> list[Tombstone]:
        """All of an entity."""
        return [one for _, one in sorted(self._rows.get((plan, entity), {}).items())]

    async def remove(self, plan: str, entity: str, source_ids: Sequence[str]) -> None:
        """Take tombstones out."""
        for source_id in source_ids:
            self._rows.get((plan, entity), {}).pop(row_key(source_id), None)


_SCANNED = 1000


@dataclass(slots=True)
class MemoryIdMap:
    """See ``shared.ports.stores.IdMap``."""

    _entries: dict[tuple[str, str], dict[str, IdMapEntry]] = field(default_factory=dict)

    async def block(self, entity: str, block: str) -> dict[str, IdMapEntry]:
        """Entries of one block."""
        return {entry.source_id: entry for entry in self._entries.get((entity, block), {}).values()}

    async def find(self, entity: str, records: Mapping[str, str | None]) -> dict[str, IdMapEntry]:
        """Entries of these records."""
        places = ((entity, block_of(*one), row_key(*one)) for one in records.items())
        found = (self._entries.get((of, block), {}).get(key) for of, block, key in places)
        return {entry.source_id: entry for entry in found if entry is not None}

    async def write(self, entries: Sequence[IdMapEntry]) -> None:
        """Insert or overwrite."""
        for one in entries:
            block = self._entries.setdefault((one.entity, block_of(one.source_id, one.within)), {})
            block[row_key(one.source_id, one.within)] = one

    async def add(self, entries: Sequence[IdMapEntry]) -> None:
        """Insert those that are not there."""
        for one in entries:
            block = self._entries.setdefault((one.entity, block_of(one.source_id, one.within)), {})
            block.setdefault(row_key(one.source_id, one.within), one)

    async def scan(self, entity: str, after: str = "") -> Scanned:
        """Entries in the order of their blocks."""
        blocks = {block: entries for (of, block), entries in self._entries.items() if of == entity}
        places = {f"{block}\n{key}": entry for block, entries in blocks.items() for key, entry in entries.items()}
        left = sorted(place for place in places if place > after)
        page = left[:_SCANNED]
        return Scanned(tuple(places[place] for place in page), page[-1] if len(left) > len(page) else None)

    async def remove(self, entries: Sequence[IdMapEntry]) -> None:
        """Take entries out."""
        for one in entries:
            block = self._entries.get((one.entity, block_of(one.source_id, one.within)), {})
            block.pop(row_key(one.source_id, one.within), None)

    async def change(self, changes: Sequence[tuple[IdMapEntry, IdMapEntry | None]]) -> None:
        """Replace or take out entries that are as they were read."""
        for before, after in changes:
            if (await self.find(before.entity, {before.source_id: before.within})).get(before.source_id) == before:
                await (self.remove([before]) if after is None else self.write([after]))


@dataclass(slots=True)
class MemoryIdMaps:
    """One id map per plan."""

    _maps: dict[str, MemoryIdMap] = field(default_factory=dict)

    def of(self, plan: str) -> MemoryIdMap:
        """The id map of a plan."""
        return self._maps.setdefault(plan, MemoryIdMap())
