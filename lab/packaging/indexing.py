"""Indexes the app of an unpacked archive with nothing at hand but the archive and its requirements.

Runs by itself, as ``python -I -S indexing.py ARCHIVE SITE_PACKAGES ALLOWED``: ALLOWED is a file with the paths of the
installed files that may be imported, one to a line. Prints ``{"functions": {name: type of its trigger}, "missing":
{module of the archive: [what it imports in vain]}}``; no functions while something is missing.
"""

import ast
import importlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType


class _Allowed(PathFinder):
    """Finds modules as ever, but none that came with something that is not required."""

    files: frozenset[str] = frozenset()
    site = ""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None for a module of site-packages that is not among ``files``; a namespace has no file."""
        spec = super().find_spec(fullname, path, target)
        origin = spec.origin if spec else None
        foreign = origin is not None and origin.startswith(cls.site) and origin not in cls.files
        return None if foreign else spec


def main(archive: Path, site: Path, allowed: Path) -> None:
    """See the module."""
    _Allowed.files = frozenset(allowed.read_text("utf-8").splitlines())
    _Allowed.site = str(site)
    sys.meta_path = [_Allowed if finder is PathFinder else finder for finder in sys.meta_path]
    sys.path[:] = [str(archive), *(entry for entry in sys.path if entry != str(Path(__file__).parent)), str(site)]
    os.chdir(archive)  # the SDKs read host.json of the working directory
    missing = {
        file.relative_to(archive).as_posix(): lacking
        for file in sorted(archive.rglob("*.py"))
        if (lacking := sorted({name for name in _imports(file) if not _can_be_imported(name)}))
    }
    print(json.dumps({"functions": _functions() if not missing else {}, "missing": missing}))


def _functions() -> dict[str, str]:
    app = importlib.import_module("function_app").app
    return {one.get_function_name(): one.get_trigger().type for one in app.get_functions()}


def _imports(file: Path) -> Iterator[str]:
    """Those inside functions too."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _can_be_imported(name: str) -> bool:
    """A module that is there, and itself lacks another one, is told at its own imports."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        return not f"{name}.".startswith(f"{error.name}.")
    return True


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
