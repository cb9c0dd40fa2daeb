"""Dates that a portal tells in other formats than ISO 8601 with an offset."""

import orjson
import pytest

from connectors.bitrix24.dates import with_offsets
from connectors.bitrix24.families.people import USERS
from connectors.bitrix24.raw import archived
from connectors.bitrix24.readers.keyset import KeysetReader
from shared.model.json import Json, JsonObject
from tests.unit.bitrix24_stand_in import NothingYet, introduced

CLOCK: JsonObject = {"start": 1, "date_start": "2026-01-27T10:03:39+03:00", "date_finish": "2026-01-27T10:03:40+03:00"}


def _read(row: JsonObject, clock: JsonObject | None = None) -> Json:
    body = orjson.dumps({"result": [row], "time": CLOCK if clock is None else clock})
    return orjson.loads(with_offsets(body))["result"][0]


@pytest.mark.parametrize(
    ("bare", "expected"),
    [
        ("24.08.2023 13:19:39", "2023-08-24T13:19:39+03:00"),
        ("24.08.2023 13:19", "2023-08-24T13:19+03:00"),
        ("2024-08-29 10:30:11", "2024-08-29T10:30:11+03:00"),
    ],
)
@pytest.mark.parametrize("name", ["DATE_PUBLISH", "POST_DATE", "date", "createdTime", "deadline", "startDatePlan"])
def test_a_date_without_offset_is_of_the_portals_clock(name: str, bare: str, expected: str) -> None:
    assert _read({"ID": "1", name: bare}) == {"ID": "1", name: expected}


@pytest.mark.parametrize(
    "row",
    [
        {"DATE_PUBLISH": "2023-08-24T13:19:39+02:00"},
        {"begindate": "24.08.2023"},
        {"TITLE": "24.08.2023 13:19:39"},
        {"UF_CRM_DATE": "24.08.2023 13:19:39"},
        {"ufCrmDate": "24.08.2023 13:19:39"},
        {"text": 'he wrote {"DATE_CREATE":"24.08.2023 13:19:39"} to us'},
        {"DATE_CREATE": "on 24.08.2023 13:19:39"},
    ],
)
def test_everything_else_stays_as_it_is(row: JsonObject) -> None:
    assert _read(row) == row


@pytest.mark.parametrize("clock", [{}, {"date_start": "2026-01-27T10:03:39"}, {"date_start": ""}])
def test_without_the_portals_clock_a_date_stays_without_an_offset(clock: JsonObject) -> None:
    assert _read({"DATE_CREATE": "24.08.2023 13:19:39"}, clock) == {"DATE_CREATE": "24.08.2023 13:19:39"}


def test_a_portal_in_greenwich_may_say_so_by_a_letter() -> None:
    row = _read({"DATE_CREATE": "24.08.2023 13:19:39"}, {"date_start": "2026-01-27T10:03:39Z"})
    assert row == {"DATE_CREATE": "2023-08-24T13:19:39Z"}


def test_an_archived_answer_keeps_its_dates_as_they_came() -> None:
    body = orjson.dumps({"result": [{"DATE_CREATE": "24.08.2023 13:19:39"}], "time": CLOCK})
    assert body in archived("1", body)


async def test_rows_have_instants_when_they_are_read_and_when_they_are_made_again() -> None:
    rows = [{"ID": "7", "DATE_REGISTER": "24.08.2023 13:19:39"}]
    reader = KeysetReader(USERS, introduced(lambda _body: {"result": {"result": {"p00": rows}}, "time": CLOCK}))
    page = await reader.read({"after": 0, "upto": None, "pages": 1}, NothingYet())
    (row,) = page.records
    assert row.data["DATE_REGISTER"] == "2023-08-24T13:19:39+03:00"
    assert reader.rows(page.raw) == page.records


async def test_what_a_reader_goes_by_while_it_reads_has_instants_too() -> None:
    answer = {"result": {"result": {"c": [{"DATE_PUBLISH": "24.08.2023 13:19:39"}]}}, "time": CLOCK}
    webhook = await introduced(lambda _body: answer).first("log")
    batch = await webhook.transport.batch({"c": ("log.blogpost.get", {})})
    assert batch.results == {"c": [{"DATE_PUBLISH": "2023-08-24T13:19:39+03:00"}]}
