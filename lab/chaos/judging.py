"""What came of a run under chaos, judged by reading both sides and the ledger without the engine's code."""

import contextlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from lab.api import Json
from lab.chaos.surroundings import HarshSystem
from lab.demo.tables import travelling
from lab.proof import compare

_QUEUES = ("extract", "import")
_IDMAP = "idmapbitrix24onprem"
_PLACEHOLDERS = "user"
"""Who is named and gone gets a stand-in, which is counted where the naming record is."""


@dataclass(slots=True)
class Findings:
    """Sentences by kind; none at all means that chaos did no harm."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    orphaned: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    miscounted: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether everything arrived once and was counted right."""
        return not any((self.lost, self.doubled, self.orphaned, self.stuck, self.miscounted, self.letters))


def judge(system: HarshSystem, status: Json, letters: list[Json]) -> Findings:
    """Both sides, the gateway's history, the ledger and the queues. ``status`` and ``letters`` are as the app tells."""
    found = Findings()
    run_id = status["run_id"]
    if status["state"] != "completed":
        found.stuck.append(f"the run is {status['state']}: {status['reason']} {status['message']}")
    arrived = _sides(system, found)
    _history(system, found)
    _ledger(system, run_id, found)
    _counters(system, status, arrived, found)
    _letters(status, letters, found)
    return found


def _sides(system: HarshSystem, found: Findings) -> dict[str, int]:
    arrived: dict[str, int] = {}
    for entity in compare(system, custom=travelling()):
        arrived[entity.name] = entity.arrived + entity.counted.get("placeholders", 0)
        for difference in entity.differences:
            kind = found.lost
            if difference.endswith(" times"):
                kind = found.doubled
            elif "should not be there" in difference:
                kind = found.orphaned
            kind.append(f"{entity.name} {difference}")
    return arrived


def _history(system: HarshSystem, found: Findings) -> None:
    """Each key is applied once, and no reference leads nowhere; a version is one write that changed something."""
    found.doubled += [f"{entity} {one}: the same key was applied again" for entity, one in system.repeated_writes()]
    with contextlib.closing(sqlite3.connect(f"file:{system.gateway_store}?mode=ro", uri=True)) as store:
        query = "SELECT DISTINCT target FROM refs WHERE target NOT IN (SELECT id FROM records)"
        found.orphaned += [f"a record refers to {target}, which is not there" for (target,) in store.execute(query)]
        known = {str(number) for (number,) in store.execute("SELECT id FROM records")}
        made = {
            (str(entity), str(source_id)): str(number)
            for number, entity, source_id in store.execute("SELECT id, entity, source_id FROM records")
        }
    mapped: dict[tuple[str, str], str] = {}
    with _tables(system) as tables:
        entities = {entity for entity, _ in made}
        for row in _all(tables, _IDMAP):
            if row["entity_type"] in entities:
                mapped[row["entity_type"], row["source_id"]] = row["target_id"]
    wrong = [one for one, target in mapped.items() if target not in known or made.get(one) != target]
    found.orphaned += [f"{entity} {one}: the id map leads to another record" for entity, one in wrong]
    found.orphaned += [f"{entity} {one}: the id map does not know it" for entity, one in made.keys() - mapped.keys()]


def _ledger(system: HarshSystem, run_id: str, found: Findings) -> None:
    for row in _rows(system, run_id):
        if row["state"] != "done" or row.get("held_by"):
            found.stuck.append(f"{row['PartitionKey']} {row['RowKey']} is {row['state']}, {row.get('reason')}")
    with QueueServiceClient.from_connection_string(system.storage) as queues:
        there = {queue.name for queue in queues.list_queues()}
        for name in (f"{queue}-poison" for queue in _QUEUES):
            if name in there and (left := queues.get_queue_client(name).get_queue_properties()):
                count = left.approximate_message_count
                found.stuck += [f"{count} messages lie in {name}"] if count else []
    with _tables(system) as tables:
        locks = [row["run_id"] for row in _all(tables, "locks")]
    found.stuck += [f"the lock of run {holder} was left behind" for holder in locks]


def _counters(system: HarshSystem, status: Json, arrived: dict[str, int], found: Findings) -> None:
    """The status against the ledger's rows, the gateway's numbers, and the history of what it applied."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for row in _rows(system, status["run_id"]):
        entity = row["PartitionKey"].split(":")[-2]
        sums[entity].update(json.loads(row["counts"]))
    created = system.created()
    made_up = sum(int(told["placeholders"]) for told in status["entities"].values())
    for name, told in status["entities"].items():
        for counter in ("extracted", "imported", "created", "skipped", "duplicate", "failed", "dead_lettered"):
            if told[counter] != sums[name][counter]:
                found.miscounted.append(f"{name}: {counter} is {told[counter]}, the ledger's sum {sums[name][counter]}")
        # What a first run updates, it has created itself: by a call whose answer was lost
        expected = told["created"] + told["updated"] + (made_up if name == _PLACEHOLDERS else 0)
        if name in arrived and name in created and expected != created[name]:
            found.miscounted.append(
                f"{name}: {expected} were created or made up, {created[name]} by the gateway's history"
            )
        if name in arrived and told["extracted"] != arrived[name] - (made_up if name == _PLACEHOLDERS else 0):
            found.miscounted.append(f"{name}: {told['extracted']} were extracted, {arrived[name]} are in the gateway")


def _letters(status: Json, letters: list[Json], found: Findings) -> None:
    told = sum(int(entity["dead_lettered"]) for entity in status["entities"].values())
    if told != len(letters):
        found.letters.append(f"{told} records were given up, and there are {len(letters)} dead letters")
    for letter in letters:
        cause = letter.get("reason") or "no cause"
        found.letters.append(f"{letter['entity']} {letter['source_id']}: {cause}: {letter.get('message')}")


def _rows(system: HarshSystem, run_id: str) -> Iterator[Json]:
    with _tables(system) as tables:
        where = "PartitionKey ge @first and PartitionKey lt @last"
        bounds = {"first": f"{run_id}:", "last": f"{run_id};"}
        yield from tables.get_table_client("ledger").query_entities(where, parameters=bounds)


def _all(tables: TableServiceClient, name: str) -> Iterator[Json]:
    """Every row of a table; none of one that nobody has made yet."""
    with contextlib.suppress(ResourceNotFoundError):
        yield from tables.get_table_client(name).list_entities()


def _tables(system: HarshSystem) -> TableServiceClient:
    return TableServiceClient.from_connection_string(system.storage)
