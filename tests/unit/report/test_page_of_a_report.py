"""The page says what the document says, loads nothing, runs nothing, and takes texts for texts."""

import re
from itertools import pairwise
from typing import Any

import pytest

from shared.report.page import policy, render
from tests.unit.html_reading import seen

HOSTILE = "</style></title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}\u202egpj.exe"
OWN = {"html", "head", "meta", "title", "style", "body", "header", "main", "section", "div"}
OWN |= {"h1", "h2", "h3", "p", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"}
OWN |= {"code", "span", "strong", "time"}


def hostile(value: Any) -> Any:
    """``value`` with every text in it, and the names of entities, turned against the page."""
    if isinstance(value, dict):
        return {name if name != "user" else HOSTILE: hostile(one) for name, one in value.items()}
    if isinstance(value, list):
        return [hostile(one) for one in value]
    return HOSTILE if isinstance(value, str) else value


async def test_texts_from_outside_do_not_break_out(troubled: dict[str, Any]) -> None:
    found = seen(render(hostile(troubled)))
    assert set(found.elements) <= OWN
    assert {name for _, name, _ in found.attributes if name.startswith("on") or name in ("src", "href")} == set()


async def test_what_would_turn_the_direction_of_a_text_is_told_as_its_code(troubled: dict[str, Any]) -> None:
    page = render(hostile(troubled))
    assert "\u202e" not in page
    assert "\\u202egpj.exe" in page


async def test_the_page_needs_nothing_from_elsewhere(troubled: dict[str, Any]) -> None:
    page = render(troubled)
    assert not {"script", "link", "img", "iframe"} & set(seen(page).elements)
    assert not re.search(r"url\(|@import|https?://", page)


def test_the_policy_allows_nothing_but_the_pages_own_style() -> None:
    assert policy().startswith("default-src 'none'; style-src 'sha256-")


@pytest.mark.parametrize(
    "told",
    [
        "private posts were read because tester asked for it",
        "Refused writes: 0.",
        "email has no value",
        "NICKNAME (filled in 1 records)",
        "To be accepted by name",
        "not measured; an estimate is 16",
    ],
)
async def test_the_page_tells(told: str, troubled: dict[str, Any]) -> None:
    assert told in " ".join(seen(render(troubled)).text.split())


async def test_headings_are_in_order_and_every_table_has_a_head(troubled: dict[str, Any]) -> None:
    found = seen(render(troubled))
    levels = [int(one[1]) for one in found.elements if re.fullmatch(r"h\d", one)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert found.elements.count("thead") == found.elements.count("table")
