"""What the demo prints fits a pipe of 80 columns."""

import io
from pathlib import Path

from rich.console import Console

from lab.demo.wording import comparison, remarks, where_to_look
from lab.proof import Compared

_COLUMNS = 80


def test_the_table_shows_every_heading_and_number_in_full() -> None:
    printed = io.StringIO()
    big = Compared("calendar_event", 1_000_000, 1_000_000, 12_345_678, 1_234_567, ["…"] * 1_000)
    Console(file=printed, width=_COLUMNS).print(comparison([big]))
    assert "differences" in printed.getvalue()
    assert "12,345,678" in printed.getvalue()
    assert "…" not in printed.getvalue()


def test_no_line_of_the_ending_is_wider() -> None:
    lines = where_to_look(Path(".local/demo/20250101-000000-1234567")).splitlines()
    assert max(map(len, lines)) <= _COLUMNS


def test_what_was_left_out_is_told_in_numbers() -> None:
    chats = Compared("chat", 5, 5, counted={"left out by visibility": 1_200})
    kept = Compared("deal", 7, 0, remark="is read and kept")
    assert list(remarks([chats, kept])) == ["chat: left out by visibility: 1,200", "deal is read and kept"]
