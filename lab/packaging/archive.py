"""What goes to Azure: every file of the checkout that ``.funcignore`` does not leave out."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

RULES = ".funcignore"
_EPOCH = (2026, 1, 1, 0, 0, 0)
"""The date of every file: the same checkout gives the same bytes."""

_MODE = 0o100644
"""A plain file that everybody may read: the platform unpacks and reads it as different users."""


def contents(root: Path) -> list[Path]:
    """The files of the archive, relative to ``root``, in order; links are files like others."""
    rules = GitIgnoreSpec.from_lines((root / RULES).read_text("utf-8").splitlines())
    return sorted(path for path in _walk(root, Path(), rules) if path.name != RULES)


def build(root: Path, archive: Path) -> list[Path]:
    """Write the archive of the checkout at ``root``; answers what is in it."""
    files = contents(root)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            entry = zipfile.ZipInfo(file.as_posix(), _EPOCH)
            entry.external_attr = _MODE << 16
            packed.writestr(entry, (root / file).read_bytes(), zipfile.ZIP_DEFLATED)
    return files


def _walk(root: Path, folder: Path, rules: GitIgnoreSpec) -> Iterator[Path]:
    """Folders that are left out are not looked into, whatever a later rule says of what is in them."""
    for path in (root / folder).iterdir():
        inside = folder / path.name
        if path.is_dir() and not path.is_symlink():
            if not rules.match_file(f"{inside.as_posix()}/"):
                yield from _walk(root, inside, rules)
        elif not rules.match_file(inside.as_posix()):
            yield inside
