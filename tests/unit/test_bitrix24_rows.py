"""From recorded answers to rows: everything that came is read, or nothing is."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.bitrix24.batch import read_batch
from connectors.bitrix24.dates import with_offsets
from connectors.bitrix24.families.people import DEPARTMENTS, GROUPS, READERS, USERS
from connectors.bitrix24.listing import PAGE, Listing
from connectors.bitrix24.raw import archived
from connectors.bitrix24.readers.chains import chain_rows, nothing_beyond, page_key
from connectors.bitrix24.transport import read_envelope
from connectors.bitrix24.webhooks import Webhooks
from shared.http.client import Answer
from shared.model.errors import RetryLater
from tests.unit.bitrix24_stand_in import reading

RECORDED: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent.parent / "fixtures" / "bitrix24" / "doc-examples.json").read_text("utf-8")
)
SUCCESSES = [
    (method, one["body"]) for method, examples in RECORDED.items() for one in examples if "error" not in one["body"]
]


def _id_of(result: Any) -> str | None:
    """The key of numeric ids in a plain list of rows; None when the answer is none."""
    for name in ("ID", "id"):
        if isinstance(result, list) and all(isinstance(row, dict) and str(row.get(name)).isdecimal() for row in result):
            return name
    return None


NOBODY = reading(Webhooks([]))
PAGES = [one for one in SUCCESSES if _id_of(one[1]["result"])]
OTHERS = [one for one in SUCCESSES if one not in PAGES]


def _batch(**sections: Any) -> bytes:
    names = ("result", "result_error", "result_total", "result_next", "result_time")
    return orjson.dumps({"result": {name: sections.get(name) or [] for name in names}})


def _page(*ids: int) -> list[dict[str, Any]]:
    return [{"ID": str(one)} for one in ids]


@pytest.mark.parametrize("body", [body for _, body in SUCCESSES], ids=[method for method, _ in SUCCESSES])
def test_an_envelope_holds_all_that_a_recorded_success_says(body: dict[str, Any]) -> None:
    raw = orjson.dumps(body)
    envelope = read_envelope(Answer(200, {}, raw, 0.1))
    assert (envelope.result, envelope.raw) == (orjson.loads(with_offsets(raw))["result"], raw)
    assert (envelope.total, envelope.next) == (body.get("total"), body.get("next"))
    told = body.get("time", {}).get("operating")
    assert (envelope.operating.seconds if envelope.operating else None) == told


@pytest.mark.parametrize(("method", "body"), SUCCESSES, ids=[method for method, _ in SUCCESSES])
def test_a_recorded_success_is_the_same_inside_a_batch(method: str, body: dict[str, Any]) -> None:
    raw = _batch(result={"one": body["result"]}, result_time={"one": body.get("time")})
    answer = read_batch(raw, {"one": method})
    assert (answer.results, answer.errors) == ({"one": body["result"]}, {})
    assert [told.seconds for told in answer.operating.values()] == [
        seconds for seconds in [body.get("time", {}).get("operating")] if seconds is not None
    ]


@pytest.mark.parametrize(("method", "body"), PAGES, ids=[method for method, _ in PAGES])
def test_every_row_of_a_recorded_page_is_read(method: str, body: dict[str, Any]) -> None:
    listing = Listing(method, (), {}, {}, id=_id_of(body["result"]) or "")
    assert listing.rows(body["result"]) == body["result"]


@pytest.mark.parametrize(("method", "body"), OTHERS, ids=[method for method, _ in OTHERS])
def test_a_recorded_answer_that_is_no_page_is_not_an_empty_one(method: str, body: dict[str, Any]) -> None:
    with pytest.raises(RetryLater, match=method):
        Listing(method, (), {}, {}).rows(body["result"])


@pytest.mark.parametrize(("entity", "listing"), [("department", DEPARTMENTS), ("user", USERS), ("group", GROUPS)])
def test_a_recorded_page_of_an_entity_is_read_from_the_archive(entity: str, listing: Listing) -> None:
    (recorded,) = (one["body"] for one in RECORDED[listing.method] if "error" not in one["body"])
    rows = sorted(recorded["result"], key=lambda row: int(row["ID"]))
    raw = _batch(result={page_key(0): rows}) if listing.filter else orjson.dumps({"result": rows})
    records = READERS[entity](NOBODY).rows([archived("1", raw)])
    assert [record.id for record in records] == [row["ID"] for row in rows]
    assert [{**record.data, **row} for record, row in zip(records, rows, strict=True)] == [one.data for one in records]


def test_the_members_of_a_group_are_read_as_they_were_recorded() -> None:
    (members,) = (one["body"]["result"] for one in RECORDED["sonet_group.user.get"] if "error" not in one["body"])
    raw = [archived("1", _batch(result=one)) for one in ({page_key(0): _page(7, 8)}, {"d0_7": members})]
    assert [record.data["members"] for record in READERS["group"](NOBODY).rows(raw)] == [members, []]


def test_rows_of_a_list_with_holes_are_read() -> None:
    assert USERS.rows({"0": {"ID": "1"}, "2": {"ID": "3"}}) == _page(1, 3)


@pytest.mark.parametrize("result", [None, False, True, "", 0, "ok"])
def test_nothing_is_not_an_empty_page(result: Any) -> None:
    with pytest.raises(RetryLater, match=r"user\.get: a page that is no list"):
        USERS.rows(result)


@pytest.mark.parametrize("row", [{}, {"ID": None}, {"ID": ""}, {"ID": "-1"}, {"ID": "²"}, "1", 1, [], None])
def test_a_row_without_an_id_spoils_the_page(row: Any) -> None:
    with pytest.raises(RetryLater, match=r"user\.get: a row without an id"):
        USERS.rows([{"ID": "1"}, row])


def test_pages_after_a_short_one_are_not_looked_at() -> None:
    full, short = _page(*range(1, PAGE + 1)), _page(60, 61)
    results = {"p00": full, "p01": short, "p02": full, "p03": None}
    assert chain_rows(results, USERS, 0) == full + short


def test_pages_after_a_missing_one_are_not_looked_at() -> None:
    full = _page(*range(1, PAGE + 1))
    assert chain_rows({"p00": full, "p02": _page(200)}, USERS, 0) == full


def test_a_page_that_begins_again_ends_the_chain() -> None:
    full = _page(*range(1, PAGE + 1))
    assert chain_rows({"p00": full, "p01": full, "p02": _page(200)}, USERS, 0) == full


@pytest.mark.parametrize("ids", [(5,), (4, 3), (7, 7), (9, 8)])
def test_ids_that_do_not_ascend_spoil_the_chain(ids: tuple[int, ...]) -> None:
    with pytest.raises(RetryLater, match="do not ascend"):
        chain_rows({"p00": _page(*ids)}, USERS, 5)


def test_ids_beyond_those_asked_for_spoil_the_chain() -> None:
    assert chain_rows({"p00": _page(8, 9)}, USERS, 5, 9) == _page(8, 9)
    with pytest.raises(RetryLater, match="beyond those asked for"):
        chain_rows({"p00": _page(8, 9)}, USERS, 5, 8)


@pytest.mark.parametrize(
    ("tail", "proven"),
    [((), True), ((7,), True), ((7, 5), True), ((5,), True), ((8,), False), ((8, 7), False), ((5, 7), False)],
)
def test_the_end_is_proven_by_a_probe_that_goes_backwards(tail: tuple[int, ...], proven: bool) -> None:
    assert nothing_beyond({"tail": _page(*tail)}, USERS, 7) is proven


def test_the_end_is_not_proven_without_a_probe() -> None:
    assert not nothing_beyond({"p00": []}, USERS, 7)


@pytest.mark.parametrize(("told", "read"), [(50, 50), ("50", 50), (-1, -1), (None, None), ("", None), (True, None)])
def test_the_next_offset_is_a_number_however_it_is_written(told: Any, read: int | None) -> None:
    envelope = read_envelope(Answer(200, {}, orjson.dumps({"result": [], "next": told, "total": told}), 0.1))
    assert (envelope.next, envelope.total) == (read, read)
