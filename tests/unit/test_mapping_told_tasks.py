"""What the plan makes of tasks and their comments, as recorded and as the simulated portal tells them."""

from collections.abc import Callable

import pytest

from connectors.bitrix24.readers.attachments import files_of
from shared.model.json import JsonObject
from shared.model.records import SourceRecord
from shared.schema.registry import validate
from shared.transform.references import resolve
from tests.unit.told_tasks import MAPPINGS, draft, named, recorded, simulated


def flat(row: JsonObject) -> JsonObject:
    """With the fields of ``details`` under names of their own."""
    return {**row, **{f"details.{name}": value for name, value in (row.get("details") or {}).items()}}


@pytest.fixture(scope="module", params=[recorded, simulated])
def told(request: pytest.FixtureRequest) -> dict[str, list[SourceRecord]]:
    rows: dict[str, list[SourceRecord]] = request.param()
    return rows


@pytest.mark.parametrize("entity", ["task", "task_comment"])
def test_every_field_that_a_portal_tells_is_mapped_or_ignored_for_a_reason(
    told: dict[str, list[SourceRecord]], entity: str
) -> None:
    assert MAPPINGS[entity].coverage.undecided(flat(record.data) for record in told[entity]) == {}


@pytest.mark.parametrize("entity", ["task", "task_comment"])
def test_what_a_portal_tells_becomes_canonical_records_without_flaws(
    told: dict[str, list[SourceRecord]], entity: str
) -> None:
    assert told[entity]
    for record in told[entity]:
        made = draft(entity, record.id, record.data)
        assert made.flaws == ()
        validate(entity, resolve(made.data, named).data)


def test_the_recorded_task_becomes_a_canonical_one() -> None:
    (record,) = recorded()["task"]
    made = resolve(draft("task", record.id, record.data).data, named).data
    assert (made["title"], made["status"], made["priority"]) == ("Task Example", "pending", "high")
    assert made["deadline"] == "2025-10-24T17:00:00Z"
    assert made["auditor_ids"] == ["user/13", "user/103"]
    assert made["tags"] == ["arpar"]
    assert made["media_ids"] == [f"media_file/task-8017-{number}" for number in (1065, 1077, 1113, 1115)]
    linked = ["contact/627", "company/591", "smart_process_item/136:3", "deal/1723"]
    assert [one["id"] for one in made["crm_links"]] == linked
    (checklist,) = made["checklists"]
    assert checklist["title"] == "Checklist 1"
    assert [(item["title"].split()[0], item["done"]) for item in checklist["items"]] == [
        ("Find", True),
        ("Agree", False),
        ("Arrange", True),
        ("Prepare", False),
        ("Agree", False),
        ("Prepare", False),
        ("Sign", False),
    ]


@pytest.mark.parametrize("told", [recorded, simulated])
def test_files_are_known_as_the_reader_of_files_knows_them(told: Callable[[], dict[str, list[SourceRecord]]]) -> None:
    for entity, records in told().items():
        for record in records:
            made = [one.source_id for one in draft(entity, record.id, record.data).data["media_ids"]]
            assert made == [file.id for file in files_of(entity, record)]
