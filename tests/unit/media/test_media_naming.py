"""What files are called, whatever people called them."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.media.naming import media_key

KEY = re.compile(r"[a-z0-9_]+/[A-Za-z0-9_~%-]+/[0-9]+-[A-Za-z0-9_.~%-]+\Z")
ANY_TEXT = st.text(st.characters(), max_size=80)
IDS = st.text(st.characters(), min_size=1, max_size=80)
NUMBERS = st.integers(0, 10**9)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("photo.png", "photo.png"),
        ("my photo+1.png", "my%20photo%2B1.png"),
        ("отчёт.pdf", "%D0%BE%D1%82%D1%87%D1%91%D1%82.pdf"),
        ("😀.gif", "%F0%9F%98%80.gif"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\..\\boot.ini", "_.._boot.ini"),
        ("a%2Fb.png", "a%252Fb.png"),
        ("", "file"),
        ("...", "file"),
        (" .png. ", "png"),
        ("tab\tand\r\nline.txt", "tab_and_line.txt"),
        ("no extension", "no%20extension"),
        ("archive.tar.gz", "archive.tar.gz"),
    ],
)
def test_a_name_becomes_safe(name: str, expected: str) -> None:
    assert media_key("feed", "123", 2, name) == f"feed/123/2-{expected}"


@pytest.mark.parametrize("source_id", ["..", ".", "a/b", "128:7", "ключ 5"])
def test_an_id_stays_one_part_of_the_key(source_id: str) -> None:
    _, part, _ = media_key("feed", source_id, 0, "x").split("/")
    assert unquote(part) == source_id
    assert "." not in part


def test_composed_and_decomposed_letters_are_the_same_name() -> None:
    assert media_key("feed", "1", 0, "\u0439.png") == media_key("feed", "1", 0, "\u0438\u0306.png")


@given(IDS, NUMBERS, ANY_TEXT)
@example("я" * 500, 10**9, "я" * 500 + ".jpeg")
@example("1", 0, "a" * 600)
@example("1", 0, "x." + "y" * 600)
@example("\ud800", 0, "\udfff.png")
def test_a_key_is_short_percent_encoded_ascii_in_three_parts(source_id: str, file: int, name: str) -> None:
    key = media_key("chat_message", source_id, file, name)
    assert KEY.match(key)
    assert len(key) <= 512
    assert not re.search(r"%(?![0-9A-F]{2})", key)
    assert not key.endswith(".")


@given(IDS, NUMBERS, NUMBERS, ANY_TEXT, ANY_TEXT)
def test_files_of_different_numbers_have_different_keys(
    source_id: str, one: int, other: int, name: str, another: str
) -> None:
    if one != other:
        assert media_key("feed", source_id, one, name) != media_key("feed", source_id, other, another)


@given(IDS, IDS, NUMBERS, ANY_TEXT)
def test_files_of_different_records_have_different_keys(one: str, other: str, file: int, name: str) -> None:
    if one != other:
        assert media_key("feed", one, file, name) != media_key("feed", other, file, name)


@given(ANY_TEXT)
def test_what_is_left_of_a_name_can_be_read_back(name: str) -> None:
    unquote(media_key("feed", "1", 0, name), errors="strict")


@pytest.mark.parametrize("length", [400, 600, 5000])
def test_a_long_name_keeps_its_extension(length: int) -> None:
    assert media_key("feed", "1", 0, "ж" * length + ".jpeg").endswith(".jpeg")


@pytest.mark.parametrize(
    ("folder", "source_id", "file"),
    [("a/b", "1", 0), ("", "1", 0), ("..", "1", 0), ("feed", "", 0), ("feed", "1", -1), ("feed", "1", "")],
)
def test_what_cannot_be_a_key_is_a_mistake(folder: str, source_id: str, file: int | str) -> None:
    with pytest.raises(ValueError, match="media key"):
        media_key(folder, source_id, file, "x.png")
