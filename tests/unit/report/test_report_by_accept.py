"""HTML or JSON: what ``Accept`` asks for."""

import pytest

from triggers.accepting import prefers_json


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        ("", False),
        ("*/*", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("application/json", True),
        ("application/json, text/html;q=0.9", True),
        ("application/json;q=0.5, text/html", False),
        ("Application/JSON; charset=utf-8", True),
        ("application/*", True),
        ("application/json;q=none", False),
        (",;,", False),
    ],
)
def test_a_page_comes_unless_json_is_wanted_more(accept: str, json: bool) -> None:
    assert prefers_json(accept) is json
