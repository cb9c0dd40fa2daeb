"""A host whose storage stumbles at the worst moment."""

import re
import time
from pathlib import Path

from lab.azurite.server import AzuriteServer
from lab.faults import Dialect, FaultyLink, Kind
from lab.faults.wire import Message
from lab.hosted_app import HostedApp

APP = Path(__file__).parents[1] / "replay" / "apps" / "patterns"
TREE = sum((number + step) ** 2 for number in range(4) for step in range(5))

_TABLES = re.compile(r"(TableEndpoint=)([^;]+)")
_MORE_THAN_THE_SDK_TRIES = 5


def _is_no_commit_and_no_reload(request: Message) -> bool:
    return "$batch" not in request.target and not ("Instances(" in request.target and request.method == "GET")


def test_an_orchestration_goes_on_when_neither_its_commit_is_answered_nor_its_state_can_be_read_again(
    tmp_path: Path,
) -> None:
    server = AzuriteServer()
    server.start()
    found = _TABLES.search(server.connection_string)
    assert found is not None
    with FaultyLink(found[2], Dialect.TABLE, spared=_is_no_commit_and_no_reload) as link:
        connection = _TABLES.sub(rf"\g<1>{link.url}", server.connection_string)
        with HostedApp(APP, connection, tmp_path) as host:
            instance_id = host.start("slow_tree")
            link.share.then(Kind.TIMED_OUT, *[Kind.RESET] * _MORE_THAN_THE_SDK_TRIES)
            time.sleep(3)  # the faults are for the host, not for those who ask
            assert host.wait(instance_id)["output"] == TREE
            assert link.share.counted[Kind.RESET] == _MORE_THAN_THE_SDK_TRIES
    server.stop()
