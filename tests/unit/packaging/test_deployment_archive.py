"""The archive that is deployed: what is in it, what is not, and that it is an app without anything else."""

import json
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lab.packaging import indexing
from lab.packaging.archive import build
from lab.packaging.requirements import installed_files
from lab.processes import ROOT

PARTS = {"activities", "composition", "connectors", "orchestrators", "plans", "shared", "triggers"}
FILES = {"function_app.py", "host.json", "requirements.txt"}

STRAY = (
    "local.settings.json",
    ".env",
    ".env.prod",
    "gateway.pem",
    ".local/function-key",
    ".venv/lib/site.py",
    "tests/unit/test_one.py",
    "lab/serve.py",
    "lab/azurite/node_modules/azurite/index.js",
    "gateway/app.py",
    "cli/app.py",
    "docs/guide.md",
    "infra/main.bicep",
    ".git/config",
    ".github/workflows/ci.yml",
    "shared/__pycache__/one.pyc",
    "shared/README.md",
)
KEPT = ("shared/model/run.py", "plans/one/tests.toml", "plans/tables/codes.toml", "function_app.py", "requirements.txt")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of this checkout, as the platform mounts it."""
    folder = tmp_path_factory.mktemp("archive")
    build(ROOT, folder / "app.zip")
    with zipfile.ZipFile(folder / "app.zip") as packed:
        packed.extractall(folder / "app")
    return folder / "app"


@pytest.fixture(scope="module")
def indexed(unpacked: Path) -> dict[str, Any]:
    """What a clean interpreter says of it."""
    return index(unpacked, ROOT / "requirements.txt")


def index(folder: Path, requirements: Path) -> dict[str, Any]:
    allowed = folder.parent / "allowed.txt"
    allowed.write_text("\n".join(map(str, installed_files(requirements))), "utf-8")
    command = [sys.executable, "-I", "-S", indexing.__file__, str(folder), sysconfig.get_path("purelib"), str(allowed)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return found


def test_the_archive_holds_the_app_and_nothing_else(unpacked: Path) -> None:
    assert {path.name for path in unpacked.iterdir()} == PARTS | FILES


def test_what_lies_about_in_a_checkout_stays_out_of_the_archive(tmp_path: Path) -> None:
    shutil.copy(ROOT / ".funcignore", tmp_path)
    for name in (*STRAY, *KEPT):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    packed = build(tmp_path, tmp_path.parent / "stray.zip")
    assert [path.as_posix() for path in packed] == sorted(KEPT)


def test_the_same_checkout_gives_the_same_archive(tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        build(ROOT, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_whoever_unpacks_the_archive_lets_everybody_read_it(tmp_path: Path) -> None:
    build(ROOT, tmp_path / "app.zip")
    with zipfile.ZipFile(tmp_path / "app.zip") as packed:
        assert {entry.external_attr >> 16 for entry in packed.infolist()} == {0o100644}


def test_every_function_is_indexed_from_the_archive_alone(indexed: dict[str, Any]) -> None:
    # In a process of its own: an app can be asked for its functions once.
    program = "from function_app import app; print(*(one.get_function_name() for one in app.get_functions()))"
    ours = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(indexed["functions"]) == set(ours.split())


def test_every_import_of_the_archive_is_in_it_or_among_its_requirements(indexed: dict[str, Any]) -> None:
    assert indexed["missing"] == {}


def test_an_import_that_is_not_required_would_be_found(unpacked: Path, tmp_path: Path) -> None:
    copy = tmp_path / "app"
    shutil.copytree(unpacked, copy)
    (copy / "shared" / "hidden.py").write_text("def late():\n    import hypothesis\n    import lab.serve\n")
    missing = index(copy, ROOT / "requirements.txt")["missing"]
    assert missing["shared/hidden.py"] == ["hypothesis", "lab.serve"]
