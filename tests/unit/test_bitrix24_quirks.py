"""What a portal may answer according to the facts, and nothing is lost or made up by it (API facts §1, §3.4, §9)."""

from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from connectors.bitrix24.batch import batch_results, read_batch
from connectors.bitrix24.errors import classify_body, classify_page
from connectors.bitrix24.families import READERS
from connectors.bitrix24.families.crm import COMPANY, items
from connectors.bitrix24.families.custom_fields import CLASSIC
from connectors.bitrix24.families.feed_comments import CommentReader
from connectors.bitrix24.raw import archived, note
from connectors.bitrix24.readers.authored import comments_of, files_of
from connectors.bitrix24.readers.details import detail_key
from connectors.bitrix24.readers.withholding import reduced, rows_reduced
from connectors.bitrix24.webhooks import Webhooks
from shared.model.errors import EntityStopped, RetryLater, RunStopped, SlowDown
from shared.model.records import SourceRecord
from tests.unit.bitrix24_stand_in import NothingYet, introduced, reading

NOBODY = reading(Webhooks([]))
RETURNED = {"error": "ACCESS_DENIED", "error_description": ""}
"""An error that a method returned instead of failing with it."""


def _body(**sections: Any) -> bytes:
    return orjson.dumps({"result": sections})


def _kept(body: bytes) -> Any:
    return orjson.loads(reduced(body, lambda _key, result: result))["result"]["result"]


def test_an_error_that_a_command_returns_is_not_its_result() -> None:
    answer = read_batch(_body(result={"a": RETURNED, "b": []}, result_error=[]), {"a": "user.get", "b": "user.get"})
    assert answer.results == {"b": []}
    assert isinstance(answer.errors["a"], EntityStopped)
    assert answer.errors["a"].reason.code == "source.denied"


def test_a_throttling_that_a_command_returns_slows_down() -> None:
    body = _body(result={"a": {"error": "OPERATION_TIME_LIMIT", "error_description": "Method is blocked"}})
    assert isinstance(read_batch(body, {"a": "user.get"}).errors["a"], SlowDown)


def test_an_error_that_a_command_returned_is_not_read_from_the_archive() -> None:
    assert batch_results({"result": {"result": {"a": RETURNED, "b": [1]}}}) == {"b": [1]}


def test_members_that_a_group_refuses_by_returning_an_error_are_nobody() -> None:
    raw = [_body(result={"p00": [{"ID": "7"}]}), _body(result={detail_key(0, "7"): RETURNED})]
    (group,) = READERS["group"](NOBODY).rows([archived("1", one) for one in raw])
    assert group.data["members"] == []


@pytest.mark.parametrize(
    "result", [{"error": "", "id": 1}, {"error": "a field"}, {"error": None, "error_description": ""}]
)
def test_a_record_with_a_field_named_error_is_a_result(result: Any) -> None:
    assert read_batch(_body(result={"a": result}), {"a": "x"}).results == {"a": result}


@pytest.mark.parametrize("empty", [[], {}, None, False, ""])
def test_sections_may_be_empty_in_any_form(empty: Any) -> None:
    sections = dict.fromkeys(("result_error", "result_total", "result_next", "result_time"), empty)
    answer = read_batch(_body(result={"a": []}, **sections), {"a": "user.get"})
    assert (answer.results, answer.errors, answer.totals, answer.nexts) == ({"a": []}, {}, {}, {})


def test_sections_may_be_left_out() -> None:
    assert read_batch(_body(result={"a": []}), {"a": "user.get"}).results == {"a": []}


@pytest.mark.parametrize("outer", [None, [], False, {}, "", {"result": []}, {"result": None}])
def test_a_batch_without_results_is_asked_again(outer: Any) -> None:
    answer = read_batch(orjson.dumps({"result": outer}), {"a": "user.get"})
    assert {key: type(error) for key, error in answer.errors.items()} == {"a": RetryLater}


@pytest.mark.parametrize("wrong", [[], None, "oops", {}, {"error_description": "x"}])
def test_an_error_of_no_known_form_is_asked_again(wrong: Any) -> None:
    answer = read_batch(_body(result=[], result_error={"a": wrong}), {"a": "user.get"})
    assert isinstance(answer.errors["a"], RetryLater)


def test_a_command_with_a_result_and_an_error_failed() -> None:
    answer = read_batch(
        _body(result={"a": []}, result_error={"a": {"error": "", "error_description": "No"}}), {"a": "x"}
    )
    assert (answer.results, answer.errors["a"].message) == ({}, "x: error: No")


def test_a_scope_that_is_missing_inside_a_batch_is_denied_without_a_description() -> None:
    wrong = {"a": {"error": "insufficient_scope", "error_description": ""}}
    error = read_batch(_body(result=[], result_error=wrong), {"a": "x"}).errors["a"]
    assert (error.reason.code, error.message) == ("source.denied", "x: insufficient_scope:")


@pytest.mark.parametrize(("told", "count"), [(7, 7), ("7", 7), (0, 0), (-1, None), (None, None), (False, None)])
def test_a_count_is_a_number_or_none_is_told(told: Any, count: int | None) -> None:
    answer = read_batch(_body(result={"a": []}, result_total={"a": told}, result_next={"a": told}), {"a": "user.get"})
    assert (answer.totals.get("a"), answer.nexts.get("a")) == (count, count)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_way_to_redirect_is_a_portal_that_moved(status: int) -> None:
    assert isinstance(classify_page(status), RunStopped)


@pytest.mark.parametrize("status", [403, 404, 405, 413, 423, 500, 502, 504, 522])
def test_a_page_of_a_proxy_is_asked_again_whatever_its_status(status: int) -> None:
    assert isinstance(classify_page(status), RetryLater)


@pytest.mark.parametrize("status", [200, 400, 403, 423])
def test_a_refusal_is_one_under_any_status(status: int) -> None:
    error = classify_body({"error": "", "error_description": "Not found"}, status)
    assert isinstance(error, EntityStopped)


def test_a_description_may_be_null() -> None:
    assert str(classify_body({"error": "ERROR_CORE", "error_description": None}, 400)) == "ERROR_CORE:"
    assert str(classify_body({"error": {"code": None, "message": None}}, 400)) == "error:"


def test_a_list_in_a_wrapper_may_be_empty_without_the_wrapper() -> None:
    assert items(COMPANY).rows([]) == []


@pytest.mark.parametrize("result", [None, False, "", 0, True, {}, [{"id": 1}], {"items": None}, {"items": False}])
def test_a_list_without_its_wrapper_is_asked_for_again(result: Any) -> None:
    with pytest.raises(RetryLater):
        items(COMPANY).rows(result)


@pytest.mark.parametrize("found", [{"0": {"id": 3}, "4": {"id": "5"}}, [{"id": 3}, {"id": "5"}]])
def test_a_wrapped_list_may_have_holes_and_ids_of_both_types(found: Any) -> None:
    assert [str(row["id"]) for row in items(COMPANY).rows({"items": found})] == ["3", "5"]


@pytest.mark.parametrize("result", [[], {"comments": []}, {"comments": {}, "files": []}])
def test_an_author_without_comments_is_over(result: Any) -> None:
    assert comments_of(result) == []


@pytest.mark.parametrize("files", [{"5": {"id": 5}}, [{"id": 5}, "x"], [{"id": "5"}]])
def test_files_of_comments_are_found_by_id_in_any_form(files: Any) -> None:
    assert list(files_of({"files": files})) == ["5"]


@pytest.mark.parametrize("files", [[], None, False, ""])
def test_comments_may_have_no_files_in_any_form(files: Any) -> None:
    assert files_of({"files": files}) == {}


@pytest.mark.parametrize(
    ("names", "post"),
    [
        ({"post_id": "7", "log_id": 9}, "7"),
        ({"post_id": 0, "log_id": 9}, "8"),
        ({"post_id": None, "log_id": "9"}, "8"),
        ({"log_id": None}, None),
        ({"log_id": 0}, None),
        ({}, None),
    ],
)
def test_a_comment_is_of_the_post_that_either_name_tells(names: dict[str, Any], post: str | None) -> None:
    comment = {"id": 1, "comment_id": "2", "date": "", "text": None, "attach": None, **names}
    raw = [archived("1", _body(result={"a1": {"comments": [comment]}})), note({"posts": {"9": {"ID": "8"}}})]
    (record,) = CommentReader(Webhooks([])).rows(raw)
    assert (record.id, record.data["post_id"], record.data["post_unknown"]) == ("2", post, post is None)


@pytest.mark.parametrize("result", [[], None, False])
def test_an_answer_without_results_is_archived_as_one(result: Any) -> None:
    assert _kept(orjson.dumps({"result": result})) == {}


def test_what_is_no_row_is_not_archived() -> None:
    assert rows_reduced({"1": {"ID": "1"}, "2": "x", "3": None}, lambda row: row) == [{"ID": "1"}]


@pytest.mark.parametrize("kind", CLASSIC)
def test_a_custom_field_that_does_not_name_its_record_is_of_the_kind_that_was_asked_for(kind: str) -> None:
    row = {"ID": "5", "FIELD_NAME": "UF_COLOUR", "USER_TYPE_ID": "string"}
    raw = [note({"new": {kind: None}}), archived("1", _body(result={kind: [row]}))]
    (record,) = READERS["custom_field"](NOBODY).rows(raw)
    assert (record.id, record.data) == (f"{kind}:UF_COLOUR", row)


def test_a_custom_field_without_a_name_is_asked_for_again() -> None:
    raw = [note({"new": {"USER": None}}), archived("1", _body(result={"USER": [{"ID": "5"}]}))]
    with pytest.raises(RetryLater, match="without a name"):
        READERS["custom_field"](NOBODY).rows(raw)


def _portal(**by_method: Any) -> Webhooks:
    """One webhook: commands of a batch get what their method's name (its last parts joined) stands for."""

    def answer(body: Any) -> Any:
        results: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for key, command in body["cmd"].items():
            told = by_method[command.partition("?")[0].replace(".", "_")]
            (errors if "error" in told else results)[key] = told
        return {"result": {"result": results or [], "result_error": errors or []}}

    return introduced(answer)


async def test_a_definition_whose_values_are_denied_says_so_and_stops_nothing() -> None:
    fields = [{"id": "7", "fieldName": "UF_CRM_37_A", "userTypeId": "enumeration"}]
    portal = _portal(userfieldconfig_list={"fields": fields}, userfieldconfig_get=RETURNED)
    page = await READERS["custom_field"](reading(portal)).read({"kinds": {"CRM_37": {}}}, NothingYet())
    assert [(one.id, one.data["enum"], one.data["unread"]) for one in page.records] == [
        ("CRM_37:UF_CRM_37_A", [], ["enum"])
    ]
    assert page.coverage == {"enum_unread": 1}


@dataclass(frozen=True, slots=True)
class _Types(NothingYet):
    """Two smart processes were read."""

    async def pages(self, entity: str) -> tuple[str, ...]:
        return (entity,)

    async def rows(self, page: str) -> tuple[SourceRecord, ...]:
        return tuple(SourceRecord(str(one), {"entityTypeId": one}) for one in (1030, 1032))


@pytest.mark.parametrize(("rows", "expected"), [([], 0), ([{"id": 5}], None)])
async def test_items_that_are_not_counted_are_not_taken_for_none(rows: Any, expected: int | None) -> None:
    portal = _portal(crm_item_list={"items": rows})
    cut = await READERS["smart_process_item"](reading(portal)).cut(1, _Types())
    assert cut.expected == expected
