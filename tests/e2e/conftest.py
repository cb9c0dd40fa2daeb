"""Whole systems of real processes, with leases and intervals short enough for a test."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from lab.system import UNLIMITED, Portal, System

SHORT = {
    "PORTAGE_QUEUE_LEASE_SECONDS": "3",
    "PORTAGE_DEVHOST_LEASE_SECONDS": "3",
}

StartSystem = Callable[..., System]


def _starter(stack: ExitStack, directory: Callable[[], Path]) -> StartSystem:
    def start(portal: Portal = UNLIMITED, *, hosts: int = 1, settings: Mapping[str, str] | None = None) -> System:
        system = stack.enter_context(System(directory(), portal, {**SHORT, **(settings or {})}))
        return system.start(hosts)

    return start


@pytest.fixture
def start_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartSystem]:
    """Starts systems for one test: ``start_system(portal, hosts=…, settings=…)``."""
    with ExitStack() as stack:
        yield _starter(stack, lambda: tmp_path_factory.mktemp("system"))


@pytest.fixture(scope="module")
def start_shared_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartSystem]:
    """Starts systems that the tests of a module share."""
    with ExitStack() as stack:
        yield _starter(stack, lambda: tmp_path_factory.mktemp("system"))
