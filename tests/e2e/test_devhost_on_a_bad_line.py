"""A host whose storage stumbles at the worst moment."""

import re
import time
from pathlib import Path

from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from lab.azurite.server import AzuriteServer
from lab.faults import Dialect, FaultyLink, Kind
from lab.faults.wire import Message
from lab.hosted_app import HostedApp

APPS = Path(__file__).parents[1] / "replay" / "apps"
APP = APPS / "patterns"
TREE = sum((number + step) ** 2 for number in range(4) for step in range(5))

_TABLES = re.compile(r"(TableEndpoint=)([^;]+)")
_QUEUES = re.compile(r"(QueueEndpoint=)([^;]+)")
_QUEUES_OF_THE_APP = ("INCOMING_QUEUE", "OUTGOING_QUEUE", "TIMER_QUEUE", "TICK_QUEUE")
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


def test_messages_that_were_on_their_way_to_a_host_when_it_was_stopped_are_handed_back(tmp_path: Path) -> None:
    server = AzuriteServer()
    server.start()
    found = _QUEUES.search(server.connection_string)
    assert found is not None
    settings = {name: name.partition("_")[0].lower() for name in _QUEUES_OF_THE_APP}
    settings |= {"GREETING": "", "TICK_SCHEDULE": "0 0 0 1 1 *", "PORTAGE_QUEUE_LEASE_SECONDS": "600"}
    settings["PORTAGE_DEVHOST_GRACE_SECONDS"] = "0.2"
    queue = QueueClient.from_connection_string(
        server.connection_string, settings["INCOMING_QUEUE"], message_encode_policy=TextBase64EncodePolicy()
    )
    queue.create_queue()
    with FaultyLink(found[2], Dialect.QUEUE, share=1.0, kinds=(Kind.LATE,)) as link:
        link.slow_for(1.0)
        connection = _QUEUES.sub(rf"\g<1>{link.url}", server.connection_string)
        with HostedApp(APPS / "triggers", connection, tmp_path, settings) as host:
            queue.send_message("sleep 30")
            while queue.peek_messages():
                time.sleep(0.01)
            host.process.stop()
    assert queue.peek_messages()
    server.stop()
