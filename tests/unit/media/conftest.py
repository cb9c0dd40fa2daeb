"""Two servers of this machine, the portal and one that nobody trusts, and a fetcher of the portal's files."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.media.file_server import Fetching, Server, started


@pytest.fixture
async def portal() -> AsyncIterator[Server]:
    server = Server()
    runner = await started(server)
    yield server
    await runner.cleanup()


@pytest.fixture
async def stranger() -> AsyncIterator[Server]:
    """A server of this machine that nobody trusts."""
    server = Server()
    runner = await started(server)
    yield server
    await runner.cleanup()


@pytest.fixture
async def fetching(portal: Server) -> AsyncIterator[Fetching]:
    fetching = Fetching(portal)
    yield fetching
    await fetching.fetcher.close()
