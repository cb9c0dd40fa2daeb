"""Nothing that runs gets through, nothing that was visible is lost, whatever the text."""

import re
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.transform.text.bbcode import read_markup
from shared.transform.text.characters import normalise
from shared.transform.text.legacy_html import read_html
from shared.transform.text.links import Portal
from shared.transform.text.rendering import render
from shared.transform.text.sanitise import TAGS, sanitise
from shared.transform.text.tags import KNOWN
from shared.transform.text.tree import FILE_URL, Markup
from tests.unit.html_reading import dangers, seen
from tests.unit.markup_attacks import ATTACKS

PORTAL = Portal(frozenset({"our.test"}))

_BBCODE = re.compile(r"\[(?!/?CODE)[^\[\]<>]+\]")
_OF_TABLES = {"caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
_HTML = re.compile(rf"</?(?:{'|'.join(sorted(TAGS - _OF_TABLES))})(?: [^<>]*)?>")
"""Tags between which nothing may get lost. Words beside the cells of a table go before it, as in browsers."""

REPEATED = [
    *("[B]", "[/B]", "[B][I]x[/B]y[/I]", "[QUOTE]", "[P]x", "[CODE]", "[*]", "[LIST][*]", "[LIST][*][QUOTE]"),
    *("[TABLE][TR][TD]", "[URL=x]", "[URL=[a]", "[URL]x", "[USER=1]", "[IMG]", '[IMG A="', "["),
    *("<div>", "<ul><li>", "<b><p>", "<"),
]

_few = st.integers(0, 40)
pieces = st.one_of(
    st.sampled_from(sorted(KNOWN)).flatmap(
        lambda name: st.sampled_from(
            [f"[{name}]", f"[/{name}]", f"[{name}=1]", f"[{name}=https://our.test/company/personal/user/5/]"]
        )
    ),
    st.sampled_from(
        ["[DISK FILE ID=n5]", "[IMG]https://e.test/i[/IMG]", "[CODE][B][/CODE]", "\n", " ", "[", "]", "<b>"]
    ),
    st.sampled_from([f"<{name}>" for name in sorted(TAGS)] + ["</p>", "</div>", "<x y='", "<a href='//our.test/'>"]),
    st.sampled_from(ATTACKS),
    st.builds(lambda attack, start, size: attack[start : start + size], st.sampled_from(ATTACKS), _few, _few),
    st.text(max_size=8),
)
texts = st.lists(pieces, max_size=25).map("".join)


def _renderings(text: str) -> list[str]:
    """All that a text can become: read as BBCode and as HTML, everything resolved and nothing."""
    markups = [read_markup(text, PORTAL), read_html(text, PORTAL)]
    return [
        render(markup, resolved)
        for markup in markups
        for resolved in ({}, {ref: f'7"<{ref.entity}>' for ref in markup.references})
    ]


@given(texts)
def test_no_text_leaves_anything_that_runs_or_loads(text: str) -> None:
    for html in _renderings(text):
        assert dangers(html) == []


@given(st.text(st.characters()))
def test_any_string_is_taken_and_gives_one_that_can_be_sent(text: str) -> None:
    for html in _renderings(text):
        html.encode()


@given(texts)
def test_html_is_balanced_and_of_listed_elements(text: str) -> None:
    for html in _renderings(text):
        found = seen(html)
        assert found.unbalanced == []
        assert set(found.elements) <= TAGS


@given(texts)
def test_cleaning_what_is_clean_changes_nothing(text: str) -> None:
    for html in _renderings(text):
        assert sanitise(html) == html


@given(texts)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert sanitise(sanitise(normalise(text))) == sanitise(normalise(text))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<")))
def test_text_is_cleaned_alike_with_an_element_behind_it_and_without(text: str) -> None:
    assert sanitise(f"{text}<hr>") == f"{sanitise(text)}<hr>"


@given(texts)
def test_reading_clean_html_again_changes_nothing(text: str) -> None:
    clean = render(read_html(text), {})
    assert render(read_html(clean), {}) == clean


@given(texts)
def test_what_was_made_of_bbcode_is_the_same_when_it_is_read_as_html(text: str) -> None:
    clean = render(read_markup(text), {})
    assert render(read_html(clean), {}) == clean


@pytest.mark.parametrize("read", [read_markup, read_html])
@given(between=st.lists(pieces, max_size=20))
def test_words_between_tags_are_still_there_and_in_order(read: Callable[[str], Markup], between: list[str]) -> None:
    is_tag = _BBCODE.fullmatch if read is read_markup else _HTML.fullmatch
    tags = [one for one in between if is_tag(one)]
    words = [f"word{number}." for number in range(len(tags))]
    text = seen(render(read("".join(map("".join, zip(tags, words, strict=True)))), {})).text
    places = [text.find(word) for word in words]
    assert -1 not in places
    assert places == sorted(places)


@given(st.text(alphabet=st.characters(exclude_characters="[]:", exclude_categories=["Cs", "Cc", "Cn"])))
def test_text_without_tags_stays_as_it_is(text: str) -> None:
    assert seen(render(read_markup(text), {})).text == text.strip()


@given(texts)
def test_every_reference_is_a_record_or_a_file(text: str) -> None:
    for markup in (read_markup(text, PORTAL), read_html(text, PORTAL)):
        for ref in markup.references:
            assert ref.entity == FILE_URL or ref.source_id.replace(":", "").isdecimal()


@pytest.mark.parametrize("read", [read_markup, read_html])
@pytest.mark.parametrize("piece", REPEATED)
def test_five_times_the_tags_take_five_times_the_work(piece: str, read: Callable[[str], Markup]) -> None:
    few, many = (_calls(read, piece * number) for number in (2_000, 10_000))
    assert many < 5.5 * few + 1_000


def _calls(read: Callable[[str], Markup], text: str) -> int:
    """How many functions the reading and rendering of a text call, those of the interpreter included."""
    count = 0

    def see(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(see)
    try:
        render(read(text), {})
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("piece", REPEATED)
def test_a_text_of_nothing_but_tags_is_read_in_a_blink(piece: str) -> None:
    """20,000 of them: work that grew with the square of the length would outlast the test's time limit."""
    for read in (read_markup, read_html):
        assert seen(render(read(piece * 20_000), {})).unbalanced == []
