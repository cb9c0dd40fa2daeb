"""The API's description of itself: whole, and true."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from triggers.openapi import document
from triggers.problems import STATUS

DOCUMENT = document()
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_schema_that_is_referred_to_exists_and_the_other_way_round() -> None:
    named = {reference.removeprefix("#/components/schemas/") for reference in references(DOCUMENT)}
    assert named == set(DOCUMENT["components"]["schemas"])


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_every_part_of_a_path_is_a_parameter(path: str) -> None:
    told = {one["name"] for one in DOCUMENT["paths"][path].get("parameters", ())}
    assert told == set(re.findall(r"{(\w+)}", path))


def test_every_problem_that_a_route_may_answer_with_is_told_somewhere() -> None:
    told = {
        code
        for _, operation in OPERATIONS
        for response in operation["responses"].values()
        for code in response["description"].split(", ")
    }
    assert set(STATUS) - {"METHOD_NOT_ALLOWED"} <= told
    assert "METHOD_NOT_ALLOWED" in DOCUMENT["info"]["description"]


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_whoever_needs_a_key_may_be_told_that_it_is_wrong(name: str, operation: dict[str, Any]) -> None:
    assert ("401" in operation["responses"]) == (operation.get("security") != []), name


def test_every_mode_is_offered() -> None:
    modes = DOCUMENT["components"]["schemas"]["RunBody"]["properties"]["mode"]["enum"]
    assert modes == ["full", "delta", "dry_run", "validate"]
