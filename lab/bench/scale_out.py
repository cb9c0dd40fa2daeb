"""What several host processes bring where no limit binds.

The portal is slow to answer and allows any rate, so that a process waits most of the time: two cores are enough to see
whether three processes wait side by side.
"""

import time
from dataclasses import replace
from pathlib import Path

from lab.bench.measures import Measure, extract_deals
from lab.system import UNLIMITED, System

_SLOW = replace(UNLIMITED, users=20, departments=2, groups=0, deals=12_000, page_ms=400)
_HOSTS = 3


def scale_out(directory: Path) -> list[Measure]:
    """Reading all deals of a slow portal, with one host and with three, each on a fresh system."""
    alone = _seconds(directory / "one", 1)
    together = _seconds(directory / "three", _HOSTS)
    name = f"extraction from a slow portal, {_HOSTS} processes : 1"
    return [Measure(name, alone / together, "times faster", _HOSTS, "at most")]


def _seconds(directory: Path, hosts: int) -> float:
    with System(directory, _SLOW) as system:
        system.start(hosts)
        api = system.api()
        begun = time.monotonic()
        extract_deals(system, api)
        took = time.monotonic() - begun
        api.close()
    return took
