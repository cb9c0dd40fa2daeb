import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.bicep.proof import prove

INFRA = Path(__file__).resolve().parents[3] / "infra"

Break = Callable[[str, str, str], list[str]]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of infra/ that a test may break."""
    return Path(shutil.copytree(INFRA, tmp_path / "infra"))


@pytest.fixture
def broken(copied: Path) -> Break:
    """Replaces the first ``old`` in a file of the copy by ``new``, and tells what the proof finds then."""

    def replace(name: str, old: str, new: str) -> list[str]:
        path = copied / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return [finding.message for finding in prove(copied)]

    return replace
