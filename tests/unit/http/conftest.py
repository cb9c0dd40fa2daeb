"""A scripted server on a port of this machine, and somebody who calls it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.unit.http.scripted_server import Caller, Server


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()


@pytest.fixture
def caller(server: Server) -> Caller:
    return Caller(server)
