"""What a delta costs when nothing happened: 100,000 records of every entity, moved once and asked for again."""

import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from azure.data.tables import TableServiceClient

from lab.api import Api, Json, totals
from lab.bench.measures import Measure, ended
from lab.bench.sampling import storage_transactions
from lab.system import UNLIMITED, System

_COMPANY = replace(
    UNLIMITED,
    users=500,
    departments=60,
    groups=100,
    tasks=2_000,
    posts=2_000,
    chats=300,
    messages=12_000,
    workflows=40,
    deals=47_000,
    contacts=25_000,
    companies=12_000,
    smart_types=2,
    smart_items=2_000,
)
"""With comments, files and settings a little more than 100,000 records."""

_FIRST_SECONDS, _AGAIN_SECONDS = 5_400.0, 1_800.0
_MOST_CALLS = 60
_SWEPT = "task_comment"
"""Its pages ask the chats of all tasks for news."""


def unchanged_delta(directory: Path) -> list[Measure]:
    """A full run, and a delta in which nothing has changed; no limit binds.

    Counted apart are the calls that compare ids with what is there, and those that ask the chats of tasks for news:
    they grow with the portal. All others must not.
    """
    with System(directory, _COMPANY) as system:
        system.start()
        api = system.api()
        first, took_first = _run(system, api, "full", _FIRST_SECONDS)
        requests, transactions, written = system.stats()["requests"], storage_transactions(api), system.applied_writes()
        delta, took = _run(system, api, "delta", _AGAIN_SECONDS)
        requests, transactions = system.stats()["requests"] - requests, storage_transactions(api) - transactions
        written = system.applied_writes() - written
        calls = _calls(system, delta["run_id"])
        api.close()
    sweeps, diffs = calls.pop("sweep", 0), calls.pop("diff", 0)
    records = totals(first, "extracted")
    return [
        Measure("records of the portal", records, "records", 100_000, "at least"),
        Measure("first run", took_first, "s"),
        Measure("unchanged delta", took, "s", took_first, "first run"),
        Measure("… calls to the portal", requests - sweeps - diffs, "calls", _MOST_CALLS, "less than"),
        Measure("… calls that compare ids", diffs, "calls"),
        Measure("… calls that sweep chats of tasks", sweeps, "calls"),
        Measure("… storage transactions", transactions / (records / 1_000), "per 1,000 records"),
        Measure("… calls to the gateway", delta["calls"]["target"], "calls"),
        Measure("… records written", written, "records", 0, "none"),
    ]


def _run(system: System, api: Api, mode: str, patience: float) -> tuple[Json, float]:
    """The status of a run at its end, and how many seconds it took."""
    begun = time.monotonic()
    status = ended(system, api, api.start(mode), patience)
    return status, time.monotonic() - begun


def _calls(system: System, run_id: str) -> Counter[str]:
    """Calls to the portal as the ledger has them, by entity; sweeps and comparisons of ids by that name.

    What is in a batch is counted in the ledger beside the batch, so a row's own number of calls is taken. Ids are
    compared in batches only.
    """
    found = Counter[str]()
    with TableServiceClient.from_connection_string(system.storage) as tables:
        where = "PartitionKey ge @first and PartitionKey lt @last"
        bounds = {"first": f"{run_id}:", "last": f"{run_id};"}
        for row in tables.get_table_client("ledger").query_entities(where, parameters=bounds):
            entity, stage = row["PartitionKey"].split(":")[-2], row["RowKey"][0]
            if stage == "e":
                found["sweep" if entity == _SWEPT else entity] += json.loads(row["counts"]).get("source_calls", 0)
            elif stage == "d":
                calls = json.loads(row.get("calls", "{}"))
                found["diff"] += sum(count for name, count in calls.items() if name.startswith("batch "))
    return found
