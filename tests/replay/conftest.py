"""One Azurite per session and one host per module, both real processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.azurite.server import AzuriteServer
from lab.hosted_app import HostedApp

APPS = Path(__file__).parent / "apps"


@pytest.fixture(scope="session")
def storage_connection() -> Iterator[str]:
    """Connection string of an Azurite of our own."""
    server = AzuriteServer()
    server.start()
    yield server.connection_string
    server.stop()


@pytest.fixture(scope="module")
def patterns(storage_connection: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostedApp]:
    """The app of documented patterns; every episode is replayed twice, and some activities run twice."""
    settings = {
        "PORTAGE_DEVHOST_REPLAY_TWICE": "1",
        "PORTAGE_DEVHOST_COMPLETIONS_PER_EPISODE": "1",
        "PORTAGE_DEVHOST_DUPLICATE_ACTIVITIES": "0.3",
    }
    with HostedApp(APPS / "patterns", storage_connection, tmp_path_factory.mktemp("patterns"), settings) as app:
        yield app
