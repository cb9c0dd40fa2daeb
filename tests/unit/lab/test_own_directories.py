"""Where the demo and the bench keep what they leave behind."""

import subprocess
import sys
from pathlib import Path

from lab.directories import own_directory
from lab.processes import ROOT

_USER = """
import sys
from pathlib import Path
from lab.directories import own_directory
with own_directory(Path(sys.argv[1])) as own:
    print(own, flush=True)
    sys.stdin.read()
"""


def _old(parent: Path, *names: str) -> None:
    for name in names:
        (parent / name).mkdir()
        (parent / name / "verdict.json").write_text("{}")


def _directories(parent: Path) -> list[str]:
    return sorted(path.name for path in parent.iterdir() if path.is_dir() and not path.is_symlink())


def test_two_at_once_have_a_directory_each(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _USER, str(tmp_path)], cwd=ROOT, stdin=-1, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        with own_directory(tmp_path) as own:
            assert theirs != own
            assert theirs.is_dir()


def test_one_that_is_in_use_is_never_removed_however_old(tmp_path: Path) -> None:
    with own_directory(tmp_path) as own:
        used = own.rename(tmp_path / "20000101-000000-1")
        _old(tmp_path, "20240101-000000-1", "20240102-000000-1", "20240103-000000-1")
        subprocess.run([sys.executable, "-c", _USER, str(tmp_path)], cwd=ROOT, input=b"", check=True)
        assert used.is_dir()


def test_the_newest_three_of_the_finished_ones_are_kept(tmp_path: Path) -> None:
    days = [f"2024010{day}-000000-1" for day in range(1, 6)]
    _old(tmp_path, *days)
    with own_directory(tmp_path) as own:
        assert _directories(tmp_path) == [*days[-3:], own.name]


def test_what_a_killed_one_left_counts_as_finished(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _USER, str(tmp_path)], cwd=ROOT, stdin=-1, stdout=subprocess.PIPE, text=True
    ) as killed:
        assert killed.stdout is not None
        left = Path(killed.stdout.readline().strip())
        killed.kill()
    left.rename(tmp_path / "20000101-000000-1")
    _old(tmp_path, "20240101-000000-1", "20240102-000000-1", "20240103-000000-1")
    with own_directory(tmp_path):
        assert "20000101-000000-1" not in _directories(tmp_path)


def test_latest_leads_to_the_newest(tmp_path: Path) -> None:
    _old(tmp_path, "20240101-000000-1")
    (tmp_path / "latest").symlink_to("20240101-000000-1")
    with own_directory(tmp_path) as own:
        assert (tmp_path / "latest").resolve() == own.resolve()
