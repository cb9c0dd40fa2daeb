"""Entry point of `make demo`."""

import argparse
import contextlib
import sys
from collections.abc import Sequence
from dataclasses import fields, replace

from lab.demo.show import Show
from lab.demo.tables import TABLES
from lab.directories import own_directory
from lab.processes import ROOT, ProcessFailed
from lab.stopping import stop_when_asked
from lab.system import Portal, System

# The demo is to be watched, not waited for: its portal allows ten times what a cloud does at most (API facts §2.1), its
# gateway four times the rates of the contract
_GATEWAY = {"GATEWAY_RATE_FACTOR": "4"}
_SMALL = Portal(
    users=400,
    departments=30,
    groups=50,
    tasks=500,
    posts=400,
    chats=80,
    messages=1_500,
    workflows=20,
    deals=800,
    contacts=800,
    companies=400,
    smart_types=2,
    smart_items=200,
    rate=50.0,
    burst=250,
    more=("--pictures",),
)
_COMPANY = Portal(
    users=1_000,
    departments=60,
    groups=100,
    tasks=2_400,
    posts=2_000,
    chats=300,
    messages=6_000,
    workflows=60,
    deals=3_000,
    contacts=3_000,
    companies=1_500,
    smart_types=2,
    smart_items=1_000,
    rate=50.0,
    burst=250,
    more=("--pictures",),
)
_PEOPLE = Portal(users=2_000, departments=60, groups=150)
_SIZES = tuple(one.name for one in fields(Portal) if one.name not in ("rate", "burst", "page_ms", "more"))


def main() -> int:
    """Run the demo; 0 only if everything arrived and a second run had nothing to send."""
    portal = portal_of(sys.argv[1:])
    stop_when_asked()
    try:
        with (
            own_directory(ROOT / ".local" / "demo") as directory,
            System(directory, portal, {"PORTAGE_PLAN_TABLES": str(TABLES)}, _GATEWAY) as system,
        ):
            return _run(Show(system))
    except KeyboardInterrupt:
        return 130


def portal_of(arguments: Sequence[str]) -> Portal:
    """The portal that the command line asks for. What is wrong with it is said on standard error, exit code 2."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__, allow_abbrev=False)
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="2,000 people and their groups alone")
    sizes.add_argument("--small", action="store_true", help="about 5,000 records of everything")
    for name in _SIZES:
        told = f"{getattr(_COMPANY, name):,}"
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, metavar="N", help=f"instead of {told}")
    given = parser.parse_args(arguments)
    chosen = {name: getattr(given, name) for name in _SIZES if getattr(given, name) is not None}
    return replace(_PEOPLE if given.quick else _SMALL if given.small else _COMPANY, **chosen)


def _run(show: Show) -> int:
    try:
        return 0 if show.run() else 1
    except ProcessFailed as error:
        show.failed(str(error))
        return 1
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):  # the terminal may be gone
            print("interrupted; stopping what was started", file=sys.stderr)
        raise


if __name__ == "__main__":
    sys.exit(main())
