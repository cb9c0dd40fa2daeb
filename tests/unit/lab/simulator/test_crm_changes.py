"""The CRM of the simulated portal while colleagues work in it."""

import random
from typing import Any

import pytest

from lab.simulators.bitrix24.calls import Caller
from lab.simulators.bitrix24.crm.data import Crm
from lab.simulators.bitrix24.crm.smart_types import SmartType
from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.world import World

NOW = 1_900_000_000
SIZE = Size(users=20, departments=1, groups=0, deals=60, contacts=60, companies=60, smart_types=1, smart_items=10)
SMART = SmartType(0).entity_type_id
ENTITIES = ("deal", "contact", "company", "smart_process_item")
Rows = dict[tuple[str, str], dict[str, Any]]


def grown() -> Crm:
    return Crm(SIZE, range(1, 21), lambda: NOW)


def rows(crm: Crm) -> Rows:
    """Records by entity and id, without what is signed anew each time."""
    return {
        (entity, _id(entity, row)): {name: value for name, value in row.items() if "urlMachine" not in str(value)}
        for entity in ENTITIES
        for row in crm.truth(entity)
    }


def _id(entity: str, row: dict[str, Any]) -> str:
    return f"{SMART}:{row['id']}" if entity == "smart_process_item" else str(row["id"])


def worked(crm: Crm, seed: int) -> dict[tuple[str, str], str]:
    """What was done last to each record, in fifty steps."""
    chance = random.Random(seed)
    return {(one.entity, one.id): one.what for _ in range(50) for one in crm.mutate(chance)}


def test_the_same_seed_makes_the_same_records() -> None:
    assert rows(grown()) == rows(grown())


def test_another_seed_makes_others() -> None:
    other = Crm(Size(users=20, deals=60, contacts=60, companies=60, seed=8), range(1, 21))

    assert rows(other) != rows(grown())


@pytest.mark.parametrize("seed", range(5))
def test_what_colleagues_say_they_did_is_what_changed(seed: int) -> None:
    crm = grown()
    before = rows(crm)
    done = worked(crm, seed)
    after = rows(crm)

    gone = {key for key, what in done.items() if what == "deleted"}
    assert not gone & set(after)
    assert set(after) - set(before) == {key for key in done if key not in before} - gone
    assert {key for key in after if after[key] != before.get(key)} == set(done) - gone


@pytest.mark.parametrize("seed", range(5))
def test_an_incremental_reader_finds_what_was_touched(seed: int) -> None:
    crm = grown()
    world = World(**{**_families(), "crm": crm})
    read = find("crm.item.list").handle
    caller = Caller(1, "secret", frozenset({"crm"}))
    asked = {"filter": {">=updatedTime": "2029-01-01T00:00:00+03:00"}, "select": ["id"], "start": -1}
    types = {"deal": 2, "contact": 3, "company": 4, "smart_process_item": SMART}

    def found() -> set[tuple[str, str]]:
        return {
            (entity, _id(entity, row))
            for entity, type_id in types.items()
            for row in read(world, caller, {**asked, "entityTypeId": type_id}).result["items"]
        }

    assert found() == set()
    done = worked(crm, seed)
    assert found() == {key for key, what in done.items() if what != "deleted"}


def test_a_deleted_record_is_gone_for_good_and_its_id_is_not_used_again() -> None:
    crm = grown()
    done = worked(crm, 3)
    deleted = {key for key, what in done.items() if what == "deleted"}
    worked(crm, 4)

    assert deleted
    assert not deleted & set(rows(crm))


def test_a_changed_stage_changes_what_follows_from_it() -> None:
    crm = grown()
    crm.records[2].change(1, {"stageId": "WON", "updatedTime": NOW})
    row = next(row for row in crm.truth("deal") if row["id"] == 1)

    assert (row["stageSemanticId"], row["closed"], row["isWon"]) == ("S", "Y", "Y")


def test_a_portal_without_crm_records_stays_without() -> None:
    crm = Crm(Size(), range(1, 21))

    assert crm.mutate(random.Random(1)) == []
    assert rows(crm) == {}


def test_a_chain_of_pages_in_a_batch_reads_everything(start_portal: Any) -> None:
    portal = start_portal("--deals", "120", "--contacts", "10", "--users", "5")
    page = "crm.item.list?entityTypeId=2&select[]=id&order[id]=ASC&start=-1&filter[%3Eid]="
    chain = {"a": f"{page}0", "b": f"{page}$result[a][items][49][id]", "c": f"{page}$result[b][items][49][id]"}
    sections = portal.batch(chain)

    ids = [row["id"] for key in chain for row in sections["result"][key]["items"]]
    assert ids == [row["id"] for row in portal.look("truth/deal")]
    assert (sections["result_total"], sections["result_next"]) == ({"a": 0, "b": 0, "c": 0}, [])


def _families() -> dict[str, Any]:
    empty = World.create(Size(users=1, departments=1, groups=0))
    return {name: getattr(empty, name) for name in empty.__slots__}
