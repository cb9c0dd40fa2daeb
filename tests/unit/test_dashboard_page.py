"""The dashboard's page is whole, holds nothing of anybody, and may do nothing but what it is for."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from triggers.dashboard import assembling
from triggers.dashboard.assembling import HEADERS, PAGE, SCRIPTS

FOLDER = Path(assembling.__file__).parent


def inside(element: str) -> str:
    found = re.search(rf"<{element}[^>]*>(.*?)</{element}>", PAGE, re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize("element", ["script", "style"])
def test_the_policy_allows_what_stands_in_the_page_by_its_digest(element: str) -> None:
    digest = base64.b64encode(hashlib.sha256(inside(element).encode()).digest()).decode()
    assert f"{element}-src 'sha256-{digest}'" in HEADERS["Content-Security-Policy"]


def test_the_policy_allows_nothing_else_but_calls_to_where_the_page_came_from() -> None:
    rules = dict(rule.split(" ", 1) for rule in HEADERS["Content-Security-Policy"].split("; "))
    assert (rules["default-src"], rules["connect-src"]) == ("'none'", "'self'")
    assert not re.search(r"unsafe|\*|https?:", HEADERS["Content-Security-Policy"])


def test_every_part_of_the_script_is_in_the_page() -> None:
    assert {path.stem for path in FOLDER.glob("*.js")} == set(SCRIPTS)


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    assert not re.search(r"https?://|\bsrc=|@import|url\(|import\s", PAGE)


@pytest.mark.parametrize(
    "way", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "localStorage"]
)
def test_the_script_has_no_way_to_take_data_for_markup_or_to_keep_the_key(way: str) -> None:
    assert way not in inside("script")


def test_every_element_that_the_script_looks_up_is_in_the_page() -> None:
    named = set(re.findall(r'byId\("([a-z-]+)"\)', inside("script")))
    assert named <= set(re.findall(r'\bid="([a-z-]+)"', PAGE))
