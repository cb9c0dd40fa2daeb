"""Runs, locks and bindings: tables ``runs``, ``locks``, ``bindings``."""

import contextlib
import json
from dataclasses import dataclass

from shared.model.errors import Conflict
from shared.model.run import Run
from shared.ports.stores import Lock
from shared.storage.azure.keys import escape
from shared.storage.azure.tables import Row, Table
from shared.storage.documents import dump_run, load_run

_RUNS = "runs"
_ATTEMPTS = 5


@dataclass(slots=True)
class AzureRunStore:
    """See ``shared.ports.stores.RunStore``."""

    table: Table
    locks: Table
    bindings: Table

    async def insert(self, run: Run) -> Run:
        """Add a new run."""
        document = dump_run(run)
        return load_run(document, await self.table.insert(_row(run)))

    async def get(self, run_id: str) -> Run | None:
        """One run, or None."""
        row = await self.table.get(_RUNS, escape(run_id))
        return _load(row) if row else None

    async def list(self, *, plan: str | None = None, state: str | None = None) -> list[Run]:
        """Runs, newest first."""
        where = ["PartitionKey eq @runs"]
        if plan:
            where.append("plan eq @plan")
        if state:
            where.append("state eq @state")
        rows = await self.table.query(" and ".join(where), {"runs": _RUNS, "plan": plan or "", "state": state or ""})
        return sorted(map(_load, rows), key=lambda run: (run.started_at, run.run_id), reverse=True)

    async def replace(self, run: Run) -> Run:
        """Overwrite a run that did not change since it was read."""
        return load_run(dump_run(run), await self.table.replace(_row(run), run.etag or ""))

    async def lock(self, plan: str, run_id: str) -> None:
        """Take the plan's lock, or take it anew."""
        row = {"PartitionKey": escape(plan), "RowKey": "run", "run_id": run_id}
        for _ in range(_ATTEMPTS):
            lock = await self.lock_of(plan)
            if lock is not None and lock.run_id != run_id:
                break
            with contextlib.suppress(Conflict):  # it was given back, or taken: look again
                await (self.locks.insert(row) if lock is None else self.locks.replace(row, lock.etag))
                return
        raise Conflict(plan)

    async def lock_of(self, plan: str) -> Lock | None:
        """The plan's lock as it is."""
        row = await self.locks.get(escape(plan), "run")
        return Lock(str(row["run_id"]), row["etag"]) if row else None

    async def unlock(self, plan: str, lock: Lock) -> None:
        """Give the lock back; one that was taken meanwhile stays."""
        with contextlib.suppress(Conflict):
            await self.locks.delete(escape(plan), "run", lock.etag)

    async def binding(self, plan: str) -> tuple[str, str] | None:
        """The (portal, store_id) pair of the plan's id map."""
        row = await self.bindings.get(escape(plan), "binding")
        return (str(row["portal"]), str(row["store_id"])) if row else None

    async def bind(self, plan: str, portal: str, store_id: str) -> None:
        """Record that pair, once."""
        if (bound := await self.binding(plan)) is None:
            try:
                await self.bindings.insert(
                    {"PartitionKey": escape(plan), "RowKey": "binding", "portal": portal, "store_id": store_id}
                )
            except Conflict:
                bound = await self.binding(plan)
            else:
                return
        if bound != (portal, store_id):
            raise Conflict(plan)


def _row(run: Run) -> Row:
    return {
        "PartitionKey": _RUNS,
        "RowKey": escape(run.run_id),
        "plan": run.plan,
        "state": run.state.value,
        "document": json.dumps(dump_run(run)),
    }


def _load(row: Row) -> Run:
    return load_run(json.loads(row["document"]), row["etag"])
