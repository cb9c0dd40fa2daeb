"""The query strings of ``batch``: what is encoded is read back the same by another reader of PHP's forms."""

from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bitrix24.query import encode
from lab.simulators.bitrix24.parameters import parse_query

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["Отдел продаж", "a&b=c", "x[0]=1", "100%", "%26", "🙂", "a+b c", "#", "?", "\r\n", "$result[x]", "'\"\\"]
)
NAMES = st.sampled_from([">ID", "<=ID", "!%NAME", "UF_CRM_1", "имя", "a&b", "a=b", "a b", "%", "🙂", "@ID", "?"])
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    max_leaves=8,
)


def _as_php_reads_it(value: Any) -> Any:
    """Everything is text; booleans are words."""
    if isinstance(value, dict):
        return {name: _as_php_reads_it(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_php_reads_it(inner) for inner in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


@given(st.dictionaries(st.sampled_from(["filter", "FILTER", "select", "order", "start", "имя"]), VALUES))
def test_parameters_are_read_back_as_they_were(parameters: dict[str, Any]) -> None:
    assert parse_query(encode(parameters)) == _as_php_reads_it(parameters)


@given(st.dictionaries(st.sampled_from(["filter", "select"]), VALUES))
def test_a_command_is_plain_text_without_white_space(parameters: dict[str, Any]) -> None:
    text = encode(parameters)
    assert text.isascii()
    assert not set(text) & set(" \r\n\t#?\"'\\")


@given(TEXTS)
def test_no_value_becomes_a_parameter_of_its_own(value: str) -> None:
    assert parse_qsl(encode({"filter": {"NAME": value}}), keep_blank_values=True) == [("filter[NAME]", value)]


def test_the_form_is_that_of_php() -> None:
    parameters = {"filter": {">ID": 5, "ACTIVE": True, "@UF": ["a", "b"]}, "order": {"ID": "ASC"}, "start": -1}
    assert encode(parameters) == (
        "filter[%3EID]=5&filter[ACTIVE]=true&filter[%40UF][0]=a&filter[%40UF][1]=b&order[ID]=ASC&start=-1"
    )


def test_a_macro_stays_readable_for_the_portal() -> None:
    assert encode({"FILTER": {">ID": "$result[p00][49][ID]"}}) == "FILTER[%3EID]=$result[p00][49][ID]"


@pytest.mark.parametrize("nothing", [{"a": None}, {"a": {"b": None}}, {"a": {}}, {"a": []}, {}])
def test_nothing_is_left_out(nothing: dict[str, Any]) -> None:
    assert encode(nothing) == ""


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false"), (1, "1"), (0, "0"), (1.5, "1.5")])
def test_a_boolean_is_no_number(value: Any, text: str) -> None:
    assert encode({"ADMIN_MODE": value}) == f"ADMIN_MODE={text}"
