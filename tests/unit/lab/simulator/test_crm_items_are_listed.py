"""``crm.item.list`` of the simulated portal: pages, order and selection."""

import pytest

from lab.simulators.bitrix24.methods import find
from lab.simulators.bitrix24.world import World
from tests.unit.lab.simulator.crm_items import CALLER, COMPANY, CONTACT, DEAL, by_id, crm_world, items, listed, unsigned


@pytest.fixture(scope="module")
def world() -> World:
    return crm_world()


@pytest.mark.parametrize(("type_id", "entity"), [(DEAL, "deal"), (CONTACT, "contact"), (COMPANY, "company")])
def test_paging_by_id_reads_what_the_truth_holds(world: World, type_id: int, entity: str) -> None:
    seen = by_id(world, type_id, select=["*"], useOriginalUfNames="Y")

    assert [unsigned(row) for row in seen] == [unsigned(row) for row in world.truth(entity)]


def test_items_of_all_smart_processes_are_in_the_truth_with_their_type(world: World) -> None:
    seen = [(kind.entity_type_id, row["id"]) for kind in world.crm.types for row in by_id(world, kind.entity_type_id)]

    assert seen == [(row["entityTypeId"], row["id"]) for row in world.truth("smart_process_item")]
    assert len(seen) == 100
    assert len({number for _, number in seen}) < 100


def test_ids_ascend_with_gaps(world: World) -> None:
    ids = [row["id"] for row in by_id(world, select=["id"])]

    assert ids == sorted(set(ids))
    assert ids[-1] > len(ids)


def test_a_start_of_minus_one_counts_nothing(world: World) -> None:
    reply = listed(world, order={"id": "ASC"}, start=-1)

    assert (len(reply.result["items"]), reply.total, reply.next) == (50, 0, None)


def test_the_start_is_a_literal_offset(world: World) -> None:
    first, shifted = (listed(world, order={"id": "ASC"}, start=start) for start in (0, 10))

    assert shifted.result["items"][0]["id"] == first.result["items"][10]["id"]
    assert (first.next, shifted.next, first.total) == (50, 60, 330)


def test_a_page_beyond_the_end_is_empty(world: World) -> None:
    reply = listed(world, start=5000)

    assert (reply.result["items"], reply.next, reply.total) == ([], None, 330)


def test_the_last_page_names_no_next(world: World) -> None:
    assert listed(world, start=300).next is None


def test_without_an_order_every_deal_comes_once_and_not_by_id(world: World) -> None:
    ids = [row["id"] for start in range(0, 330, 50) for row in items(world, start=start)]

    assert ids != sorted(ids)
    assert sorted(ids) == [row["id"] for row in world.truth("deal")]


def test_an_order_sorts_by_any_field(world: World) -> None:
    amounts = [row["opportunity"] for row in items(world, order={"opportunity": "DESC"})]

    assert amounts == sorted(amounts, reverse=True)


def test_only_selected_fields_come_and_the_id(world: World) -> None:
    row = items(world, select=["title", "UF_CRM_IS_VIP", "nonsense"])[0]

    assert set(row) == {"id", "title", "ufCrmIsVip"}


def test_phones_come_only_when_everything_is_selected(world: World) -> None:
    named, starred = (items(world, CONTACT, select=select)[0] for select in (["id", "fm"], ["*"]))

    assert "fm" not in named
    assert {"fm", "entityTypeId"} <= set(starred)


def test_templates_of_recurring_deals_are_not_listed_but_can_be_had(world: World) -> None:
    template = min(world.crm.records[DEAL].templates)
    row = find("crm.item.get").handle(world, CALLER, {"entityTypeId": DEAL, "id": template}).result["item"]

    assert row["isRecurring"] == "Y"
    assert items(world, filter={"id": template}) == []
