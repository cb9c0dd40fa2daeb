"""Terminals of all kinds: narrow, without colour, without Unicode, none at all."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.unit.api_stand_in import ROOT, StandIn, connected, entity, portage, spawn, status

ENTITIES = {
    "department": entity(1, 1, extracted=20, imported=20),
    "user": entity(None, 3, extracted=12_345, imported=9_000, failed=2, dead_lettered=2),
}


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn({"GET /api/runs/r-1": [(200, status(entities=ENTITIES))]}) as stand_in:
        yield stand_in


def on_a_terminal(*arguments: str, env: dict[str, str], columns: int = 100, rows: int = 24) -> tuple[int, str]:
    """Exit code and everything written by the command on a terminal of its own."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = spawn(*arguments, env={"TERM": "xterm", **env}, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    written = b""
    # Linux ends a terminal whose other side is gone with an error, not with an empty read.
    with suppress(OSError):
        while chunk := os.read(ours, 65_536):
            written += chunk
    os.close(ours)
    return process.wait(30), written.decode()


@pytest.mark.parametrize("columns", [20, 40, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(api: StandIn, columns: int) -> None:
    result = portage("status", "r-1", env={**connected(api), "COLUMNS": str(columns)})
    assert max(len(line) for line in result.stdout.splitlines()) <= columns


@pytest.mark.parametrize("columns", [40, 80, 160])
def test_the_counts_are_there_at_every_width(api: StandIn, columns: int) -> None:
    shown = portage("status", "r-1", env={**connected(api), "COLUMNS": str(columns)}).stdout
    assert all(text in shown for text in ("department", "user", "12,345", "9,000", "3/?"))


def test_a_pipe_gets_no_colour(api: StandIn) -> None:
    assert "\x1b" not in portage("status", "r-1", env=connected(api)).output


def test_no_color_is_respected_on_a_terminal(api: StandIn) -> None:
    _, written = on_a_terminal("status", "r-1", env={**connected(api), "NO_COLOR": "1"})
    assert "\x1b[3" not in written


def test_a_watched_run_is_a_picture_that_leaves_its_last_state_behind(api: StandIn) -> None:
    api.answers["GET /api/runs/r-1"] = [(200, status(entities=ENTITIES)), (200, status("failed", entities=ENTITIES))]
    exit_code, written = on_a_terminal("status", "r-1", "--watch", env=connected(api))
    assert exit_code == 1
    assert "department" in written.rpartition("\x1b[2K")[2]
    assert "failed" in written.rpartition("\x1b[2K")[2]


def test_a_dumb_terminal_gets_lines(api: StandIn) -> None:
    api.answers["GET /api/runs/r-1"] = [(200, status("completed", entities=ENTITIES))]
    exit_code, written = on_a_terminal("status", "r-1", "--watch", env={**connected(api), "TERM": "dumb"})
    assert (exit_code, "\x1b" in written, "department: done" in written) == (0, False, True)


def test_entities_that_do_not_fit_on_the_screen_are_summed_up(api: StandIn) -> None:
    many = {f"entity{number}": entity(None, 1, extracted=5) for number in range(30)}
    api.answers["GET /api/runs/r-1"] = [(200, status(entities=many)), (200, status("completed", entities=many))]
    _, written = on_a_terminal("status", "r-1", "--watch", env=connected(api), rows=16)
    assert "not shown: 0 done, 0 not begun, 22 under way" in written


def test_text_that_the_terminal_cannot_write_is_no_crash(api: StandIn) -> None:
    api.answers["GET /api/plans"] = [(200, [{"plan": "p", "title": "Портал"}])]
    env = {**connected(api), "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    process = spawn("plans", env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out.splitlines()[0], err) == (0, b"p  ??????", b"")


def test_the_script_in_the_checkout_works_from_any_folder(api: StandIn, tmp_path: os.PathLike[str]) -> None:
    api.answers["GET /api/plans"] = [(200, b"[]")]
    done = subprocess.run(
        [ROOT / "portage", "plans", "--json"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **connected(api)},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"[]\n")
