"""HTTP, queue and timer triggers of the local host."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from azure.storage.queue import QueueClient, TextBase64DecodePolicy, TextBase64EncodePolicy

from lab.hosted_app import HostedApp

APP = Path(__file__).parent / "apps" / "triggers"
KEY = "the-function-key"
QUEUES = {"INCOMING_QUEUE": "incoming", "OUTGOING_QUEUE": "outgoing", "TIMER_QUEUE": "yearly", "TICK_QUEUE": "ticks"}


@pytest.fixture(scope="module")
def triggers(storage_connection: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostedApp]:
    settings = {
        **QUEUES,
        "PORTAGE_FUNCTION_KEY": KEY,
        "PORTAGE_QUEUE_LEASE_SECONDS": "1",
        "TICK_SCHEDULE": "* * * * * *",
        "AzureWebJobs.switched_off.Disabled": "true",
    }
    directory = tmp_path_factory.mktemp("host")
    app = copytree(APP, directory / "triggers")
    values = {"INCOMING_QUEUE": "not-this-one", "GREETING": "from local settings"}
    (app / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}), encoding="utf-8")
    with HostedApp(app, storage_connection, directory, settings) as hosted:
        yield hosted


class Queue:
    """A queue in base64, as the binding's default is, or plain."""

    def __init__(self, connection: str, name: str, *, plain: bool = False) -> None:
        self._client = QueueClient.from_connection_string(
            connection,
            name,
            message_encode_policy=None if plain else TextBase64EncodePolicy(),
            message_decode_policy=None if plain else TextBase64DecodePolicy(),
        )

    def put(self, text: str) -> None:
        if not self._exists():
            self._client.create_queue()
        self._client.send_message(text)

    def take(self, part: str = "") -> str:
        """The next message that contains `part`, deleted like those before it, within some seconds."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            message = self._client.receive_message() if self._exists() else None
            if message is not None:
                self._client.delete_message(message)
                if part in message.content:
                    return str(message.content)
            else:
                time.sleep(0.05)
        raise AssertionError(f"nothing came to {self._client.queue_name}")

    def _exists(self) -> bool:
        try:
            self._client.get_queue_properties()
        except Exception:
            return False
        return True


@pytest.fixture
def incoming(storage_connection: str) -> Queue:
    return Queue(storage_connection, QUEUES["INCOMING_QUEUE"])


@pytest.fixture
def outgoing(storage_connection: str) -> Queue:
    return Queue(storage_connection, QUEUES["OUTGOING_QUEUE"])


def test_a_route_passes_its_parts_and_the_request(triggers: HostedApp) -> None:
    headers = {"x-functions-key": KEY, "X-Test": "yes"}
    answer = triggers.http.post("/v1/items/7/left?a=1&a=2&b=%D1%8F", content="body", headers=headers)
    assert answer.status_code == 201
    assert answer.json() == {
        "method": "POST",
        "route": {"id": "7", "part": "left"},
        "query": {"a": "1,2", "b": "я"},
        "header": "yes",
        "body": "body",
    }


def test_an_optional_part_may_be_missing(triggers: HostedApp) -> None:
    assert triggers.http.get("/v1/items/7", headers={"x-functions-key": KEY}).json()["route"] == {"id": "7"}


@pytest.mark.parametrize("path", ["/v1/items/seven", "/items/7", "/v1/nothing", "/v1/items/7/left/right"])
def test_a_path_without_a_function_is_not_found(triggers: HostedApp, path: str) -> None:
    assert triggers.http.get(path, headers={"x-functions-key": KEY}).status_code == 404


def test_a_method_that_a_function_does_not_take_is_not_found(triggers: HostedApp) -> None:
    assert triggers.http.put("/v1/items/7", headers={"x-functions-key": KEY}).status_code == 404


def test_a_literal_segment_wins_over_a_parameter(triggers: HostedApp) -> None:
    answer = triggers.http.get("/v1/items/special")
    assert (answer.text, answer.headers["content-type"]) == ("special", "text/plain; charset=utf-8")


def test_a_catch_all_takes_the_rest_of_the_path(triggers: HostedApp) -> None:
    assert triggers.http.get("/v1/files/a/b%20c/d.txt").json() == "a/b c/d.txt"


@pytest.mark.parametrize("headers", [{}, {"x-functions-key": "wrong"}])
def test_a_function_with_a_key_refuses_a_call_without_it(triggers: HostedApp, headers: dict[str, str]) -> None:
    assert triggers.http.get("/v1/items/7", headers=headers).status_code == 401


def test_the_key_may_come_as_a_query_parameter(triggers: HostedApp) -> None:
    assert triggers.http.get("/v1/items/7", params={"code": KEY}).status_code == 201


def test_the_management_api_wants_a_key_of_its_own_or_the_function_key(triggers: HostedApp) -> None:
    path = "/runtime/webhooks/durabletask/instances"
    statuses = [triggers.http.get(path, params={"code": code}).status_code for code in ("", "wrong", KEY)]
    assert statuses == [401, 401, 200]


def test_an_unhandled_error_is_an_empty_500_and_is_logged(triggers: HostedApp) -> None:
    answer = triggers.http.get("/v1/fails")
    assert (answer.status_code, answer.content) == (500, b"")
    assert "ValueError: a secret detail" in triggers.log


def test_sync_functions_run_in_threads_with_a_context_and_the_settings_of_the_app(triggers: HostedApp) -> None:
    assert triggers.http.get("/v1/where").json() == {
        "thread": True,
        "function": "where",
        "greeting": "from local settings",
        "folder": "triggers",
    }


def test_async_functions_run_on_the_one_loop(triggers: HostedApp) -> None:
    assert triggers.http.get("/v1/loop_thread").json() is True


def test_headers_and_cookies_of_a_response_are_kept(triggers: HostedApp) -> None:
    answer = triggers.http.get("/v1/cookies")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/elsewhere")
    assert answer.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2; HttpOnly"]


def test_a_disabled_function_is_not_served(triggers: HostedApp) -> None:
    assert triggers.http.get("/v1/switched_off").status_code == 404


def test_the_environment_wins_over_local_settings(triggers: HostedApp, incoming: Queue, outgoing: Queue) -> None:
    incoming.put("hello")
    assert json.loads(outgoing.take("hello")) == {"text": "hello", "attempt": 1, "id": True}


def test_a_failing_message_goes_to_the_poison_queue_after_the_last_attempt(
    triggers: HostedApp, incoming: Queue, storage_connection: str
) -> None:
    incoming.put("bad")
    assert Queue(storage_connection, f"{QUEUES['INCOMING_QUEUE']}-poison").take("bad") == "bad"
    assert triggers.log.count("ValueError: a bad message\n") >= 3


def test_a_message_that_is_not_base64_goes_to_the_poison_queue(triggers: HostedApp, storage_connection: str) -> None:
    Queue(storage_connection, QUEUES["INCOMING_QUEUE"], plain=True).put("<not base64>")
    assert Queue(storage_connection, f"{QUEUES['INCOMING_QUEUE']}-poison", plain=True).take("<not") == "<not base64>"


def test_a_message_stays_leased_while_its_function_runs(triggers: HostedApp, incoming: Queue, outgoing: Queue) -> None:
    incoming.put("sleep 2.5")
    assert json.loads(outgoing.take("sleep"))["attempt"] == 1
    incoming.put("after")
    assert json.loads(outgoing.take())["text"] == "after"


def test_an_output_message_beyond_64_kib_fails_the_call(triggers: HostedApp) -> None:
    assert triggers.http.post("/v1/send", content="x" * 50_000).status_code == 500
    assert triggers.http.post("/v1/send", content="x" * 40_000).status_code == 200


def test_a_timer_runs_on_startup_when_it_says_so(triggers: HostedApp, storage_connection: str) -> None:
    assert json.loads(Queue(storage_connection, QUEUES["TIMER_QUEUE"]).take()) == {"past_due": False}


def test_a_timer_runs_on_its_schedule(triggers: HostedApp, storage_connection: str) -> None:
    ticks = Queue(storage_connection, QUEUES["TICK_QUEUE"])
    assert ticks.take() == ticks.take() == str(triggers.process.pid)


def test_a_timer_can_be_run_by_hand_with_the_key(triggers: HostedApp, storage_connection: str) -> None:
    statuses = [
        triggers.http.post("/admin/functions/yearly", headers={"x-functions-key": key}).status_code for key in ("", KEY)
    ]
    assert statuses == [401, 202]


def test_the_host_tells_its_state(triggers: HostedApp) -> None:
    answer = triggers.http.get("/admin/host/status", headers={"x-functions-key": KEY})
    assert answer.json() == {"state": "Running", "owner": True}
