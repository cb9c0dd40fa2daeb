"""What the gateway says it lacks, and what becomes of it."""

from typing import Any

import pytest

from connectors.import_gateway.refusals import NotOffered
from connectors.import_gateway.schema import check_schema
from shared.model.errors import RetryLater
from shared.model.json import Json, JsonObject
from shared.model.records import SchemaNeeds
from shared.ports.systems import Check, Severity

NEEDS = SchemaNeeds(
    "deal",
    ("UF_A", "UF_B"),
    {"stage_id": ("C7:NEW", "C7:WON"), "source_code": ("SHOP",)},
    frozenset({"title", "stage_id"}),
)


async def checked(answer: Json, asked: list[Any] | None = None) -> list[Check]:
    async def ask(method: str, body: JsonObject) -> Json:
        if asked is not None:
            asked.append((method, body))
        return answer

    return await check_schema(ask, NEEDS)


async def test_the_question_has_the_form_of_the_contract() -> None:
    asked: list[Any] = []
    await checked({"missing": []}, asked)
    codes = {"stage_id": ["C7:NEW", "C7:WON"], "source_code": ["SHOP"]}
    assert asked == [("import.schema.check", {"entity": "deal", "custom": ["UF_A", "UF_B"], "codes": codes})]


async def test_a_gateway_that_knows_everything_passes() -> None:
    (check,) = await checked({"missing": []})
    assert (check.ok, check.detail) == (True, "2 custom fields and 3 codes are known")


@pytest.mark.parametrize(
    ("missing", "code", "severity"),
    [
        ("UF_A", "target.field_missing", Severity.BLOCKER),
        ("stage_id:C7:NEW", "target.code_missing", Severity.BLOCKER),
        ("C7:NEW", "target.code_missing", Severity.BLOCKER),
        ("source_code:SHOP", "target.code_missing", Severity.WARNING),
        ("something of its own", "target.schema_differs", Severity.WARNING),
    ],
)
async def test_what_is_missing_is_as_grave_as_what_it_does_to_records(
    missing: str, code: str, severity: Severity
) -> None:
    (check,) = await checked({"missing": [missing]})
    assert (check.ok, check.code, check.severity, check.entities) == (False, code, severity, ("deal",))
    assert missing in check.detail
    assert check.fix


async def test_what_is_missing_of_one_kind_is_one_finding() -> None:
    (check,) = await checked({"missing": ["UF_B", "UF_A"]})
    assert check.detail == "the target lacks UF_B, UF_A of deal"


async def test_a_long_list_is_told_in_brief() -> None:
    needs = SchemaNeeds("deal", tuple(f"UF_{n}" for n in range(50)))

    async def ask(_method: str, body: JsonObject) -> Json:
        return {"missing": body["custom"]}

    (check,) = await check_schema(ask, needs)
    assert check.detail.endswith("UF_19 and 30 more of deal")


async def test_a_gateway_without_the_method_is_told_as_such() -> None:
    async def ask(_method: str, _body: JsonObject) -> Json:
        raise NotOffered("target.refused", "METHOD_NOT_ALLOWED")

    (check,) = await check_schema(ask, NEEDS)
    assert (check.ok, check.code, check.severity) == (False, "target.schema_unchecked", Severity.WARNING)


@pytest.mark.parametrize("answer", [{}, [], {"missing": None}, {"missing": "UF_A"}, {"missing": [1]}])
async def test_an_answer_without_a_list_is_not_believed(answer: Json) -> None:
    with pytest.raises(RetryLater):
        await checked(answer)
