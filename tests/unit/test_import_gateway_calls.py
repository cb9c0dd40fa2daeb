"""The gateway's client on a real socket, before a server that answers what the test tells it to."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connectors.import_gateway.address import GatewayAddress
from connectors.import_gateway.checks import check
from connectors.import_gateway.gateway import ImportGateway
from connectors.import_gateway.methods import WRITE_METHODS
from shared.http.backoff import Backoff
from shared.http.client import HttpClient
from shared.model.errors import PortageError, RetryLater, RunStopped, SlowDown
from shared.model.json import JsonObject
from shared.model.records import MethodLimit, OutgoingItem
from shared.storage.memory.opening import open_memory_stores
from tests.unit.listening import listening

CODE = "v3ry-s3cr3t-code"
DESCRIPTION: JsonObject = {
    "contract": "1.1",
    "store_id": "store-1",
    "product_version": "0.1",
    "max_bytes": 5_242_880,
    "max_media_bytes": 104_857_600,
    "methods": {one.method: {"max_items": 50, "per_minute": 300} for one in WRITE_METHODS.values()},
}

Script = Callable[[str, JsonObject], tuple[int, Any]]


class Server(ThreadingHTTPServer):
    """Answers by script and remembers what it was asked: (method, body)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, JsonObject]] = []
        self.script: Script = lambda _method, _body: (200, DESCRIPTION)
        self.headers: dict[str, str] = {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        method = self.path.removeprefix(f"/webhook/7/{CODE}/")
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((method, body))
        status, answer = self.server.script(method, body)
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {**self.server.headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class OpenBudget:
    """Always gives leave; remembers what it was told."""

    def __init__(self) -> None:
        self.learned: dict[str, int] = {}
        self.refusals: list[tuple[str, float | None]] = []

    async def acquire(self, method: str, calls: int = 1) -> None:
        """At once."""

    async def throttled(self, method: str, retry_after: float | None = None) -> None:
        self.refusals.append((method, retry_after))

    def learn(self, per_minute: Mapping[str, int]) -> None:
        self.learned |= per_minute


@pytest.fixture
def server() -> Iterator[Server]:
    with listening(Server()) as server:
        yield server


@pytest.fixture
def budget() -> OpenBudget:
    return OpenBudget()


@pytest.fixture
async def gateway(server: Server, budget: OpenBudget) -> AsyncIterator[ImportGateway]:
    address = GatewayAddress.parse(f"http://127.0.0.1:{server.server_port}/webhook/7/{CODE}")
    client = HttpClient("target", tally=lambda _method, _verdict: None, backoff=Backoff(first=0.001, attempts=2))
    yield ImportGateway(address, client, budget, open_memory_stores().media)
    await client.close()


def _items(*source_ids: str) -> list[OutgoingItem]:
    return [OutgoingItem(one, f"source:user:{one}:c0ffee", "c0ffee", {"name": one}) for one in source_ids]


def _all_imported(_method: str, body: JsonObject) -> tuple[int, Any]:
    imported = [
        {"source_id": i["source_id"], "target_id": f"t{i['source_id']}", "action": "created"} for i in body["items"]
    ]
    return 200, {"imported": imported, "skipped": [], "duplicate": [], "failed": []}


def _refusing(status: int, code: str) -> Script:
    return lambda _method, _body: (status, {"error": code, "message": f"no, {CODE}", "details": {}})


async def test_a_write_has_the_form_of_the_contract(gateway: ImportGateway, server: Server) -> None:
    server.script = _all_imported
    receipts = await gateway.write("user", "r1", "b1", _items("17", "18"))
    assert [receipt.target_id for receipt in receipts] == ["t17", "t18"]
    item = {"source_id": "17", "idempotency_key": "source:user:17:c0ffee", "checksum": "c0ffee", "data": {"name": "17"}}
    ((method, body),) = server.asked
    assert method == "import.users.batch"
    assert (body["run_id"], body["batch_id"], body["items"][0]) == ("r1", "b1", item)


async def test_the_budget_learns_the_gateways_rates(gateway: ImportGateway, budget: OpenBudget) -> None:
    capabilities = await gateway.capabilities()
    assert capabilities.limits["user"] == MethodLimit(50, 300)
    assert budget.learned["import.users.batch"] == 300


async def test_an_entity_whose_method_is_disabled_has_no_limits(gateway: ImportGateway, server: Server) -> None:
    methods = {name: limit for name, limit in DESCRIPTION["methods"].items() if name != "import.tasks.batch"}
    server.script = lambda _method, _body: (200, {**DESCRIPTION, "methods": methods})
    limits = (await gateway.capabilities()).limits
    assert limits.keys() == {*WRITE_METHODS, "media_file"} - {"task"}


async def test_a_contract_of_another_major_version_stops_the_run(gateway: ImportGateway, server: Server) -> None:
    server.script = lambda _method, _body: (200, {**DESCRIPTION, "contract": "2.0"})
    with pytest.raises(RunStopped, match=r"speaks contract 2\.0"):
        await gateway.capabilities()


@pytest.mark.parametrize("lacking", ["contract", "store_id", "product_version", "max_bytes", "methods"])
async def test_a_description_with_a_gap_is_not_believed(gateway: ImportGateway, server: Server, lacking: str) -> None:
    server.script = lambda _method, _body: (200, {**DESCRIPTION, lacking: None})
    with pytest.raises(RetryLater, match="breaks the contract"):
        await gateway.capabilities()


async def test_a_call_that_is_too_large_goes_in_halves(gateway: ImportGateway, server: Server) -> None:
    def at_most_two(method: str, body: JsonObject) -> tuple[int, Any]:
        return _all_imported(method, body) if len(body["items"]) <= 2 else (413, b"<html>too large</html>")

    server.script = at_most_two
    receipts = await gateway.write("user", "r1", "b1", _items("1", "2", "3", "4", "5"))
    assert [receipt.source_id for receipt in receipts] == ["1", "2", "3", "4", "5"]
    assert len({body["batch_id"] for _, body in server.asked}) == len(server.asked)


async def test_a_record_that_is_too_large_by_itself_is_rejected(gateway: ImportGateway, server: Server) -> None:
    server.script = _refusing(413, "BATCH_TOO_LARGE")
    (receipt,) = await gateway.write("user", "r1", "b1", _items("17"))
    assert (receipt.outcome, receipt.code, receipt.retryable) == ("failed", "VALIDATION", False)


async def test_a_reached_rate_is_told_to_the_budget(gateway: ImportGateway, server: Server, budget: OpenBudget) -> None:
    server.script, server.headers = _refusing(429, "RATE_LIMITED"), {"Retry-After": "7"}
    with pytest.raises(SlowDown):
        await gateway.write("user", "r1", "b1", _items("17"))
    assert budget.refusals == [("import.users.batch", 7.0)]


async def test_an_answer_that_breaks_the_contract_leaves_the_outcome_open(
    gateway: ImportGateway, server: Server
) -> None:
    server.script = lambda _method, _body: (200, {"imported": [], "skipped": [], "duplicate": [], "failed": []})
    with pytest.raises(RetryLater, match="not those that were sent"):
        await gateway.write("user", "r1", "b1", _items("17"))


async def test_a_repeat_after_a_stumble_carries_the_same_keys(gateway: ImportGateway, server: Server) -> None:
    def stumbling(method: str, body: JsonObject) -> tuple[int, Any]:
        return (502, b"<html>bad gateway</html>") if len(server.asked) == 1 else _all_imported(method, body)

    server.script = stumbling
    await gateway.write("user", "r1", "b1", _items("17"))
    first, second = server.asked
    assert first == second


async def test_records_are_read_a_hundred_at_a_time(gateway: ImportGateway, server: Server) -> None:
    def known(_method: str, body: JsonObject) -> tuple[int, Any]:
        rest = {"target_id": "t", "checksum": "c", "data": {}}
        return 200, {"items": [{"source_id": one, **rest} for one in body["source_ids"] if one != "7"]}

    server.script = known
    found = await gateway.read("user", [str(number) for number in range(250)])
    assert [len(body["source_ids"]) for _, body in server.asked] == [100, 100, 50]
    assert found.keys() == {str(number) for number in range(250)} - {"7"}


async def test_the_counts_are_ours_and_those_of_others(gateway: ImportGateway, server: Server) -> None:
    server.script = lambda _method, _body: (200, {"count": 5, "foreign": 2})
    assert await gateway.count("user") == (5, 2)


@pytest.mark.parametrize("answer", [{}, {"count": "5", "foreign": 2}, {"items": [{"source_id": "1"}]}, []])
async def test_an_answer_that_cannot_be_read_back_is_not_believed(
    gateway: ImportGateway, server: Server, answer: object
) -> None:
    server.script = lambda _method, _body: (200, answer)
    with pytest.raises(RetryLater):
        await gateway.count("user")
    with pytest.raises(RetryLater):
        await gateway.read("user", ["1"])


@pytest.mark.parametrize("code", ["UNAUTHORIZED", "RATE_LIMITED", "UNAVAILABLE"])
async def test_errors_do_not_carry_the_secret(gateway: ImportGateway, server: Server, code: str) -> None:
    server.script = _refusing(400, code)
    with pytest.raises(PortageError) as trouble:
        await gateway.write("user", "r1", "b1", _items("17"))
    assert CODE not in str(trouble.value) + repr(trouble.value) + repr(gateway)


async def test_a_rejection_does_not_carry_the_secret(gateway: ImportGateway, server: Server) -> None:
    server.script = _refusing(400, "MALFORMED")
    (receipt,) = await gateway.write("user", "r1", "b1", _items("17"))
    assert CODE not in repr(receipt)


async def test_a_gateway_that_is_out_is_waited_for(gateway: ImportGateway, server: Server) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(RetryLater) as trouble:
        await gateway.capabilities()
    assert trouble.value.reason.code == "target.unreachable"
    assert CODE not in str(trouble.value)


async def test_a_healthy_gateway_passes_every_check(gateway: ImportGateway, server: Server) -> None:
    server.script = lambda method, _body: (
        200,
        DESCRIPTION if method == "import.capabilities" else {"count": 0, "foreign": 3},
    )
    checks = await gateway.checks()
    assert [one.name for one in checks] == [
        "gateway transport",
        "gateway answers",
        "gateway methods",
        "gateway reads back",
    ]
    assert all(one.ok for one in checks)


async def test_the_checks_say_how_to_mend_a_refusal(gateway: ImportGateway, server: Server) -> None:
    server.script = _refusing(401, "UNAUTHORIZED")
    last = (await gateway.checks())[-1]
    assert (last.name, last.ok) == ("gateway answers", False)
    assert last.fix == "Put a valid code into PORTAGE_GATEWAY_URL."


async def test_the_checks_name_the_methods_that_are_disabled(gateway: ImportGateway, server: Server) -> None:
    methods = {name: limit for name, limit in DESCRIPTION["methods"].items() if name != "import.tasks.batch"}
    server.script = lambda _method, _body: (200, {**DESCRIPTION, "methods": methods, "count": 0, "foreign": 0})
    (failed,) = [one for one in await gateway.checks() if not one.ok]
    assert (failed.detail, failed.entities) == ("disabled: import.tasks.batch", ("task",))


async def test_the_checks_warn_of_calls_that_are_too_small_for_one_long_record(
    gateway: ImportGateway, server: Server
) -> None:
    server.script = lambda _method, _body: (200, {**DESCRIPTION, "max_bytes": 65_536, "count": 0, "foreign": 0})
    (failed,) = [one for one in await gateway.checks() if not one.ok]
    assert (failed.code, failed.severity.value) == ("target.small_calls", "warning")


async def test_a_contract_that_this_client_does_not_speak_is_a_blocker(gateway: ImportGateway, server: Server) -> None:
    server.script = lambda _method, _body: (200, {**DESCRIPTION, "contract": "2.0"})
    last = (await gateway.checks())[-1]
    assert (last.ok, last.severity.value, "contract 2.0" in last.detail) == (False, "blocker", True)


async def test_the_checks_warn_of_a_secret_on_an_open_line(gateway: ImportGateway) -> None:
    far_away = GatewayAddress.parse(f"http://gateway.example/webhook/7/{CODE}")
    transport = (await check(far_away, gateway.capabilities, gateway.count))[0]
    assert not transport.ok
    assert CODE not in transport.detail
