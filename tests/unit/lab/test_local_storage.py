"""The storage emulator behind `make serve`, as a real process."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient

from lab.local_storage import LocalStorage, StorageUnavailable, local_storage
from lab.processes import ROOT, free_ports, port_is_free

_USER = """
import sys, time
from pathlib import Path
from lab.local_storage import local_storage
with local_storage(Path(sys.argv[1]), int(sys.argv[2])) as storage:
    print(storage.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def port() -> int:
    return free_ports(3)


def _rows(storage: LocalStorage) -> int:
    with TableServiceClient.from_connection_string(storage.connection_string) as service:
        table = service.create_table_if_not_exists("kept")
        table.upsert_entity({"PartitionKey": "p", "RowKey": str(time.time_ns())})
        return len(list(table.list_entities()))


def test_what_was_stored_is_there_at_the_next_start(tmp_path: Path, port: int) -> None:
    with local_storage(tmp_path, port) as first:
        _rows(first)
    assert port_is_free(port)
    with local_storage(tmp_path, port) as second:
        assert _rows(second) == 2


def test_a_storage_whose_user_was_killed_is_found_again_and_ended_by_the_next(tmp_path: Path, port: int) -> None:
    command = [sys.executable, "-c", _USER, str(tmp_path), str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as user:
        assert user.stdout is not None
        pid = int(user.stdout.readline())
        user.kill()
    with local_storage(tmp_path, free_ports(3)) as found:
        assert (found.pid, found.port) == (pid, port)
    assert port_is_free(port)


def test_the_storage_outlives_the_first_of_two_users(tmp_path: Path, port: int) -> None:
    with local_storage(tmp_path, port) as second:
        with local_storage(tmp_path, port) as first:
            assert first == second
        assert _rows(second) == 1


def test_a_stranger_on_the_port_is_not_taken_for_the_storage(tmp_path: Path, port: int) -> None:
    with local_storage(tmp_path / "stranger", port) as stranger:
        ours = {"account": "portage", "key": "b3Vycw==", "port": port, "pid": stranger.pid}
        (tmp_path / "azurite.json").write_text(json.dumps(ours))
        with pytest.raises(StorageUnavailable, match="PORTAGE_AZURITE_PORT"), local_storage(tmp_path, port):
            pass


def test_the_account_key_is_readable_by_its_owner_only(tmp_path: Path, port: int) -> None:
    with local_storage(tmp_path, port) as storage:
        assert (tmp_path / "azurite.json").stat().st_mode & 0o777 == 0o600
        assert storage.key not in repr(storage)
