"""Emoji, line ends and entities, as they should have been."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.transform.text.characters import decode_emoji, decode_title, normalise


@pytest.mark.parametrize(
    ("stored", "meant"),
    [
        (":f09f9880:", "😀"),
        (":F09F9880:", "😀"),
        ("a :f09f9880::f09f8e89: b", "a 😀🎉 b"),
        (":f09f91a9:\u200d:f09f92bb:", "👩\u200d💻"),
        ("10:f5ffffff:20", "10:f5ffffff:20"),
        (":f09f98:", ":f09f98:"),
        (":f4a08080:", ":f4a08080:"),
        (":smile: 12:30:45", ":smile: 12:30:45"),
    ],
)
def test_an_encoded_emoji_is_decoded_and_nothing_else(stored: str, meant: str) -> None:
    assert decode_emoji(stored) == meant


@given(st.text())
def test_emoji_survive_being_encoded(text: str) -> None:
    stored = "".join(f":{one.encode().hex()}:" if ord(one) > 0xFFFF else one for one in text)
    assert decode_emoji(stored) == decode_emoji(text)


@pytest.mark.parametrize(
    ("stored", "meant"),
    [
        ("Договор &quot;Ромашка&quot;", 'Договор "Ромашка"'),
        ("Сделка &quot;Заря&quot; &amp; Co", 'Сделка "Заря" & Co'),
        ("O&#039;Neil &lt;2026&gt;", "O'Neil <2026>"),
        ("&amp;quot;", "&quot;"),
        ("R&D", "R&D"),
        ("R&D &amp; more", "R&D &amp; more"),
        ('how to write &amp; in "HTML"', 'how to write &amp; in "HTML"'),
        ("&copy 2026 &euro;", "&copy 2026 &euro;"),
    ],
)
def test_a_title_is_decoded_once_and_only_if_it_is_clearly_encoded(stored: str, meant: str) -> None:
    assert decode_title(stored) == meant


def test_line_ends_are_one_character() -> None:
    assert normalise("a\r\nb\rc\nd") == "a\nb\nc\nd"


def test_what_no_text_can_carry_goes() -> None:
    assert normalise("a\x00b\x1b\x7fc\ud800d\tе") == "abc\ufffdd\tе"
