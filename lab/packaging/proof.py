"""``python -m lab.packaging.proof``: the archive in environments of its own, made of its requirements alone.

One has this Python. The other has Python 3.13 and Microsoft's worker library, which no older one takes; it is left out,
with the reason, where that Python or the library is not at hand. Exit code 1 when an environment has other functions
than this checkout, or lacks something that the archive imports.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.packaging import indexing, worker_indexing
from lab.packaging.archive import build

_ROOT = Path(__file__).parents[2]
_WORKER = "azure-functions-runtime==1.3.0"
_WORKER_PYTHON = "python3.13"
_OWN_OF_WORKER = "azure-functions=="
"""Pinned below 2 for older Pythons; the worker library brings the one that it goes with."""


def main() -> int:
    """Print a line for each environment; the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        build(_ROOT, place / "app.zip")
        with zipfile.ZipFile(place / "app.zip") as packed:
            packed.extractall(place / "app")
        found = _in_this_python(place)
        print(f"this Python: {len(found['functions'])} functions; missing: {found['missing'] or 'nothing'}")
        names = set(found["functions"])
        by_worker = _by_the_worker(place)
        if by_worker is not None:
            print(f"the worker library: {len(by_worker)} functions")
        agreed = by_worker in (None, names)
        if not agreed:
            print(f"they differ in {sorted(names ^ set(by_worker or ()))}")
        return 0 if names and agreed and not found["missing"] else 1


def _in_this_python(place: Path) -> dict[str, Any]:
    venv.create(place / "own", with_pip=True)
    python = place / "own" / "bin" / "python"
    _run(python, "-m", "pip", "install", "--quiet", "-r", place / "app" / "requirements.txt")
    site = next((place / "own" / "lib").glob("python*/site-packages"))
    allowed = place / "allowed.txt"
    allowed.write_text("\n".join(str(path) for path in site.rglob("*")), "utf-8")
    found: dict[str, Any] = json.loads(
        _run(python, "-I", "-S", indexing.__file__, place / "app", site, allowed).splitlines()[-1]
    )
    return found


def _worker_pythons() -> Iterator[str]:
    """The one on the path, which may be a shim of pyenv for a version that is not switched on; and pyenv's own."""
    if (found := shutil.which(_WORKER_PYTHON)) is not None:
        yield found
    for one in sorted(Path.home().glob(f".pyenv/versions/*/bin/{_WORKER_PYTHON}")):
        yield str(one)


def _works(python: str) -> bool:
    return subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0


def _by_the_worker(place: Path) -> set[str] | None:
    """Names of the functions, or None where it cannot be tried."""
    found = next((one for one in _worker_pythons() if _works(one)), None)
    if found is None:
        print(f"the worker library: left out, there is no {_WORKER_PYTHON}")
        return None
    _run(found, "-m", "venv", place / "worker")
    python = place / "worker" / "bin" / "python"
    lines = (place / "app" / "requirements.txt").read_text("utf-8").splitlines()
    (place / "worker.txt").write_text(
        "\n".join([*(one for one in lines if not one.startswith(_OWN_OF_WORKER)), _WORKER])
    )
    try:
        _run(python, "-m", "pip", "install", "--quiet", "-r", place / "worker.txt")
    except subprocess.CalledProcessError as error:
        print(f"the worker library: left out, it cannot be installed: {error.stderr.splitlines()[-1:]}")
        return None
    return set(json.loads(_run(python, worker_indexing.__file__, place / "app").splitlines()[-1]))


def _run(*command: object) -> str:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
