"""One Azurite for the session; every test gets tables of its own."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from lab.azurite.server import AzuriteServer
from shared.ports.stores import Stores
from shared.storage.azure.opening import closing_stores
from shared.storage.memory.opening import open_memory_stores


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """Connection string of a running Azurite."""
    server = AzuriteServer()
    server.start()
    yield server.connection_string
    server.stop()


@pytest.fixture(params=["memory", "azurite"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    """Empty stores of each kind."""
    if request.param == "memory":
        yield open_memory_stores()
        return
    connection = request.getfixturevalue("azurite")
    async with closing_stores(connection, table_prefix=f"t{uuid.uuid4().hex[:10]}") as opened:
        yield opened
