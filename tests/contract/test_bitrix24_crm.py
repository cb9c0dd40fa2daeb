"""The CRM of a simulated portal, record by record."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.bitrix24.raw import noted
from shared.model.errors import EntityStopped, RetryLater
from shared.model.json import Json, JsonObject
from tests.contract.simulated_portal import Copy, SimulatedPortal, simulated_portal

SECRET = "s3cret-of-the-crm"
OF_CRM_ALONE = "s3cret-of-the-crm-alone"
OF_PEOPLE_ALONE = "s3cret-of-people-alone"
SETTINGS = ("smart_process_type", "crm_category", "crm_status")
RECORDS = ("company", "contact", "deal", "smart_process_item")
SIZE = ("--deals", "1300", "--contacts", "420", "--companies", "230", "--smart-types", "30", "--smart-items", "700")
UNLIMITED = ("--rate", "0", "--operating-limit", "0")


def _source_id(entity: str, row: JsonObject) -> str:
    if entity in ("crm_category", "smart_process_item"):
        return f"{row['entityTypeId']}:{row['id']}"
    return str(row["id" if "id" in row else "ID"])


def _lasting(value: Json) -> Any:
    """Without what is another every time it is asked for: signed addresses."""
    if isinstance(value, dict):
        return {name: _lasting(one) for name, one in value.items() if name != "urlMachine"}
    return [_lasting(one) for one in value] if isinstance(value, list) else value


def _truth(portal: SimulatedPortal, entity: str) -> dict[str, JsonObject]:
    return {_source_id(entity, row): _lasting(row) for row in portal.truth(entity)}


def _journal(portal: SimulatedPortal) -> list[JsonObject]:
    changes: list[JsonObject] = httpx.get(f"{portal.url}/__sim/journal").json()
    return changes


async def _patiently(copy: Copy, *entities: str) -> None:
    """Cut again, too."""
    for entity in entities:
        for _ in range(50):
            try:
                await copy.fetch(entity)
                break
            except RetryLater:
                continue
        else:
            raise AssertionError(f"{entity} cannot be cut")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPortal]:
    webhooks = (
        "--webhook",
        f"1:{SECRET}",
        "--webhook",
        f"1:{OF_CRM_ALONE}:crm",
        "--webhook",
        f"1:{OF_PEOPLE_ALONE}:user",
    )
    with simulated_portal(tmp_path_factory.mktemp("portal"), *SIZE, *UNLIMITED, *webhooks, "--slow-ms", "30") as portal:
        yield portal


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[SimulatedPortal]:
    """Somebody changes something every ten milliseconds, and pages take their time."""
    with simulated_portal(
        tmp_path, *SIZE, *UNLIMITED, "--webhook", f"1:{SECRET}", "--mutate", "100", "--page-ms", "5"
    ) as portal:
        yield portal


@pytest.mark.parametrize("entity", [*SETTINGS, *RECORDS])
async def test_every_record_comes_out_once_as_the_portal_has_it(portal: SimulatedPortal, entity: str) -> None:
    copy = Copy(portal.source(portal.webhook(SECRET)))
    await copy.fetch(*dict.fromkeys(("smart_process_type", entity)))
    assert {one: _lasting(row) for one, row in copy.rows_of(entity).items()} == _truth(portal, entity)
    assert copy.rebuilt(entity) == copy.rows_of(entity)


async def test_deals_come_in_few_calls(portal: SimulatedPortal) -> None:
    copy = Copy(portal.source(portal.webhook(SECRET)))
    await copy.fetch("deal")
    assert len(copy.rows_of("deal")) == 1300
    assert sum(page.calls for page in copy.read["deal"]) <= 4


async def test_all_types_are_cut_in_two_calls(portal: SimulatedPortal) -> None:
    copy = Copy(portal.source(portal.webhook(SECRET)))
    await copy.fetch("smart_process_type")
    requests = portal.stats()["requests"]
    cut = await copy.source.cut("smart_process_item", 8, copy)
    assert portal.stats()["requests"] - requests == 2
    assert (len(cut.cursors), cut.expected) == (30, 700)


async def test_a_type_that_is_gone_costs_its_own_items_alone(portal: SimulatedPortal) -> None:
    copy = Copy(portal.source(portal.webhook(SECRET)))
    await copy.fetch("smart_process_type")
    types = copy.read["smart_process_type"][0].records
    types[0].data["entityTypeId"] = gone = 999
    await copy.fetch("smart_process_item", "crm_category")
    assert len({one.partition(":")[0] for one in copy.rows_of("smart_process_item")}) == 29
    assert len({one.partition(":")[0] for one in copy.rows_of("crm_category")}) == 30
    told = [facts for page in copy.read["smart_process_item"] if "gone" in (facts := noted(page.raw))]
    assert [(facts["part"], "NOT_FOUND" in facts["gone"]) for facts in told] == [(gone, True)]


def _as_configured(row: JsonObject) -> JsonObject:
    """What both families tell of a custom field, in the words of ``userfieldconfig.get``."""
    if "fieldName" not in row:
        values = [
            {name.lower().replace("_id", "Id"): one for name, one in each.items()} for each in row.get("LIST", ())
        ]
        row = {
            "id": row["ID"],
            "entityId": row["ENTITY_ID"],
            "fieldName": row["FIELD_NAME"],
            "userTypeId": row["USER_TYPE_ID"],
            "multiple": row["MULTIPLE"],
            "settings": row["SETTINGS"],
            "editFormLabel": {"ru": row["EDIT_FORM_LABEL"]},
            "enum": values,
        }
    names = ("id", "entityId", "fieldName", "userTypeId", "multiple", "settings", "editFormLabel")
    values = [{name: each[name] for name in ("id", "value", "def", "sort", "xmlId")} for each in row.get("enum", ())]
    return {**{name: row[name] for name in names}, "enum": values}


async def test_custom_fields_come_with_labels_and_values(portal: SimulatedPortal) -> None:
    copy = Copy(portal.source(portal.webhook(SECRET)))
    await copy.fetch("smart_process_type", "custom_field")
    rows = copy.rows_of("custom_field")
    of_crm = {one: _as_configured(row) for one, row in rows.items() if one.startswith("CRM_")}
    truth = {f"{row['entityId']}:{row['fieldName']}": _as_configured(row) for row in portal.truth("custom_field")}
    assert of_crm == truth
    assert {one.partition(":")[0] for one in rows.keys() - of_crm.keys()} == {"USER", "TASKS_TASK"}
    assert copy.rebuilt("custom_field") == rows


async def test_custom_fields_that_a_webhook_may_not_ask_for_cost_no_others(portal: SimulatedPortal) -> None:
    copy = Copy(portal.source(portal.webhook(OF_CRM_ALONE)))
    await copy.fetch("smart_process_type", "custom_field")
    assert {one.partition(":")[0] for one in copy.rows_of("custom_field")} == {"CRM_DEAL", "CRM_CONTACT", "CRM_COMPANY"}
    unread = [kind for page in copy.read["custom_field"] for kind in noted(page.raw).get("unreadable", {})]
    lost = {one.id: one.reason for page in copy.read["custom_field"] for one in page.lost}
    assert {"USER", "CRM_3"} <= lost.keys() == set(unread)
    assert "TASKS_TASK" not in lost
    assert set(lost.values()) == {"source.denied"}


@pytest.mark.parametrize("entity", ["deal", "crm_status", "smart_process_type", "custom_field"])
async def test_a_webhook_without_the_scope_stops_the_entity(portal: SimulatedPortal, entity: str) -> None:
    copy = Copy(portal.source(portal.webhook(OF_PEOPLE_ALONE)))
    with pytest.raises(EntityStopped):
        await copy.fetch(entity)


async def test_nothing_is_lost_while_the_portal_stumbles(portal: SimulatedPortal) -> None:
    portal.switch(faults=0.05)
    copy = Copy(portal.source(portal.webhook(SECRET)))
    await _patiently(copy, *SETTINGS, "custom_field", *RECORDS)
    assert portal.stats()["faults"]
    for entity in (*SETTINGS, *RECORDS):
        assert {one: _lasting(row) for one, row in copy.rows_of(entity).items()} == _truth(portal, entity)
    assert len(copy.rows_of("custom_field")) == len(portal.truth("custom_field")) + 6


async def test_whatever_stays_comes_out_once_while_colleagues_work(busy: SimulatedPortal) -> None:
    copy = Copy(busy.source(busy.webhook(SECRET)))
    await copy.fetch("company", "contact", "deal")
    busy.switch(mutate=0.0)
    touched = {(one["entity"], one["id"]) for one in _journal(busy)}
    assert {entity for entity, _ in touched} >= {"company", "contact", "deal"}
    for entity in ("company", "contact", "deal"):
        rows = {one: _lasting(row) for one, row in copy.rows_of(entity).items()}
        stayed = {one: row for one, row in _truth(busy, entity).items() if (entity, one) not in touched}
        assert stayed
        assert {one: row for one, row in rows.items() if one in stayed} == stayed
        assert copy.rebuilt(entity) == copy.rows_of(entity)
