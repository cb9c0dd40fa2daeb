"""``python -m lab.bicep``: exit code 0 only if nothing is wrong with the Bicep of a folder."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lab.bicep.policy import NotInstallable, installed, scan
from lab.bicep.proof import prove

_ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prove ``infra/`` and scan it; the number of findings decides about the exit code."""
    parser = argparse.ArgumentParser(prog="python -m lab.bicep", description="Check the Bicep of infra/ without Azure.")
    parser.add_argument("folder", nargs="?", type=Path, default=_ROOT / "infra", help="instead of infra/")
    parser.add_argument("--policy", action="store_true", help="fail when the policy scan cannot be installed")
    given = parser.parse_args(arguments)
    findings = prove(given.folder)
    if not findings:
        try:
            findings = scan(given.folder, installed(_ROOT / ".local"))
        except NotInstallable as error:
            print(f"policy scan left out: {error}", file=sys.stderr)
            if given.policy:
                return 1
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
