"""One Azurite for the session, with tables of its own for every test; portals and lines of a module."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from lab.azurite.server import AzuriteServer
from shared.ports.stores import Stores
from shared.storage.azure.opening import closing_stores
from shared.storage.memory.opening import open_memory_stores
from tests.contract.bad_line import Line, opened
from tests.contract.databases import DATABASES, new_database, postgres_server
from tests.contract.simulated_portal import SimulatedPortal
from tests.unit.gateway.gateway_process import RunningGateway


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """Connection string of a running Azurite."""
    server = AzuriteServer()
    server.start()
    yield server.connection_string
    server.stop()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a PostgreSQL server."""
    with postgres_server(tmp_path_factory.mktemp("postgres")) as address:
        yield address


@pytest.fixture(scope="module", params=DATABASES)
def gateway_store(request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings of a gateway with a store of each kind."""
    if request.param == "sqlite":
        return {}
    return {"GATEWAY_STORE": new_database(request.getfixturevalue("postgres"))}


@pytest.fixture(params=["memory", "azurite"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    """Empty stores of each kind."""
    if request.param == "memory":
        yield open_memory_stores()
        return
    connection = request.getfixturevalue("azurite")
    async with closing_stores(connection, table_prefix=f"t{uuid.uuid4().hex[:10]}") as opened:
        yield opened


@pytest.fixture
def portal(started: SimulatedPortal) -> Iterator[SimulatedPortal]:
    """The portal that the module has ``started``, quiet again afterwards."""
    yield started
    started.switch(faults=0.0, mutate=0.0, revoked=[], overload=False, down=False)


@pytest.fixture
def line(process: RunningGateway) -> Iterator[Line]:
    """A line to the gateway ``process`` of the module."""
    with opened(process.base) as line:
        yield line
