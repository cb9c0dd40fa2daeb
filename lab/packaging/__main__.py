"""``python -m lab.packaging ARCHIVE`` writes the deployment archive of this checkout."""

import sys
from pathlib import Path

from lab.packaging.archive import build

_ROOT = Path(__file__).parents[2]

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m lab.packaging ARCHIVE")
    archive = Path(sys.argv[1])
    files = build(_ROOT, archive)
    print(f"{archive}: {len(files)} files, {archive.stat().st_size} bytes")
