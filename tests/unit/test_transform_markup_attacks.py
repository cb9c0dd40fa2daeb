"""Known attacks get nothing through: no element that runs or loads, no handler, no style, no address that runs."""

import pytest

from shared.transform.text.bbcode import read_markup
from shared.transform.text.legacy_html import read_html
from shared.transform.text.links import Portal
from shared.transform.text.rendering import render
from shared.transform.text.sanitise import sanitise
from tests.unit.html_reading import dangers
from tests.unit.markup_attacks import ADDRESSES, ATTACKS, CARRIERS, carried

PORTAL = Portal(frozenset({"our.test"}))


def all_that_comes_of(text: str) -> list[str]:
    """The text read as BBCode and as HTML, with nothing resolved and with everything."""
    markups = [read_markup(text, PORTAL), read_html(text, PORTAL)]
    every_target = [{ref: f'7"<{ref.entity}>' for ref in markup.references} for markup in markups]
    return [
        *(render(markup, {}) for markup in markups),
        *(render(markup, targets) for markup, targets in zip(markups, every_target, strict=True)),
    ]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: ascii(attack[:40]))
def test_an_attack_leaves_nothing_that_runs_or_loads(attack: str) -> None:
    for html in (*all_that_comes_of(attack), sanitise(attack)):
        assert dangers(html) == []


@pytest.mark.parametrize("carrier", CARRIERS)
def test_no_tag_carries_an_address_that_runs(carrier: str) -> None:
    for address in ADDRESSES:
        for html in all_that_comes_of(carried(carrier, address)):
            assert (address, dangers(html)) == (address, [])


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: ascii(attack[:40]))
def test_an_attack_inside_of_tags_leaves_nothing_that_runs_or_loads(attack: str) -> None:
    around = (
        "[B]{}[/B]",
        "[QUOTE]{}[/QUOTE]",
        "[LIST][*]{}[/LIST]",
        "[CODE]{}[/CODE]",
        "[URL=https://x.test/]{}[/URL]",
    )
    for carrier in (*around, "<p>{}</p>", "<pre>{}</pre>", "<table><tr><td>{}</td></tr></table>", "<a href=#>{}</a>"):
        for html in all_that_comes_of(carried(carrier, attack)):
            assert dangers(html) == []


def test_most_attacks_are_dangerous_as_they_come() -> None:
    """The reader of these tests is not blind."""
    assert sum(bool(dangers(attack)) for attack in ATTACKS if "<![" not in attack) > 200
