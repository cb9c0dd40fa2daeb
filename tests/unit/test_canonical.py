"""The checksum both sides of a write compute."""

import math

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from shared.model.errors import RecordRejected
from shared.model.json import Json
from shared.transform.canonical import canonical_bytes, checksum


def test_the_order_of_fields_does_not_matter() -> None:
    assert checksum({"b": 1, "a": [2, None]}) == checksum({"a": [2, None], "b": 1})


def test_the_order_of_a_list_matters() -> None:
    assert checksum([1, 2]) != checksum([2, 1])


def test_the_form_is_that_of_rfc_8785() -> None:
    assert canonical_bytes({"сумма": 10.0, "a": "€\n", "b": True}) == '{"a":"€\\n","b":true,"сумма":10}'.encode()


def test_the_checksum_is_64_hexadecimal_digits() -> None:
    assert checksum({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize("value", [2**53, math.nan, math.inf, "\ud800", {"\ud800": 1, "a": 2}, {1: "a"}, object()])
def test_what_json_cannot_carry_is_the_records_fault(value: Json) -> None:
    with pytest.raises(RecordRejected) as refusal:
        checksum({"data": value})
    assert refusal.value.reason.code == "transform.bad_value"


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=10,
)


@given(_VALUES)
def test_every_value_has_the_form_that_the_reference_implementation_gives_it(value: Json) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)
