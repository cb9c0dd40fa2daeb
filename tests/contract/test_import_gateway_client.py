"""The client before the real gateway, each in a process of its own."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.import_gateway.address import GatewayAddress
from connectors.import_gateway.gateway import ImportGateway
from connectors.import_gateway.methods import WRITE_METHODS
from lab.processes import Process, environment, free_port, module
from shared.http.backoff import Backoff
from shared.http.client import HttpClient
from shared.model.errors import RetryLater, RunStopped, SlowDown
from shared.model.json import Json, JsonObject
from shared.model.records import OutgoingItem, SchemaNeeds
from shared.storage.memory.opening import open_memory_stores
from shared.transform.canonical import checksum

CODE = "c0de-for-the-tests"
NOW = "2026-01-01T10:00:00Z"


@dataclass(slots=True)
class GatewayProcess:
    """A gateway that can be stopped and started again on its store."""

    directory: Path
    settings: Mapping[str, str]
    port: int
    process: Process | None = None

    def start(self) -> None:
        settings = {
            "GATEWAY_PORT": str(self.port),
            "GATEWAY_CODES": f"7:{CODE}",
            "PORTAGE_DATA_DIR": str(self.directory),
            **self.settings,
        }
        self.process = Process("gateway", module("gateway"), log_dir=self.directory, env=environment(settings))
        self.process.ready()

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()

    def url(self, code: str = CODE) -> str:
        return f"http://127.0.0.1:{self.port}/webhook/7/{code}"


class OpenBudget:
    """Always gives leave: what is under test here is the gateway's own refusal."""

    async def acquire(self, method: str, calls: int = 1) -> None:
        """At once."""

    async def throttled(self, method: str, retry_after: float | None = None) -> None:
        """Nothing to remember."""

    def learn(self, per_minute: Mapping[str, int]) -> None:
        """Nothing to learn."""


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway with the contract's defaults."""
    process = GatewayProcess(tmp_path_factory.mktemp("gateway"), {}, free_port())
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway that offers little of everything."""
    limits = {
        "import.departments.batch": {"max_items": 2, "per_minute": 600},
        "import.users.batch": {"max_items": 100, "per_minute": 1},
    }
    settings = {
        "GATEWAY_METHODS": ",".join(["import.capabilities", *limits]),
        "GATEWAY_LIMITS": json.dumps(limits),
    }
    process = GatewayProcess(tmp_path_factory.mktemp("narrow"), settings, free_port())
    process.start()
    yield process
    process.stop()


def _connect(url: str) -> ImportGateway:
    client = HttpClient("target", tally=lambda _method, _verdict: None, backoff=Backoff(attempts=1))
    return ImportGateway(GatewayAddress.parse(url), client, OpenBudget(), open_memory_stores().media)


@pytest.fixture
async def gateway(process: GatewayProcess) -> AsyncIterator[ImportGateway]:
    connected = _connect(process.url())
    yield connected
    await connected.client.close()


@pytest.fixture
async def narrow_gateway(narrow: GatewayProcess) -> AsyncIterator[ImportGateway]:
    connected = _connect(narrow.url())
    yield connected
    await connected.client.close()


def _item(gateway: ImportGateway, entity: str, source_id: str, data: JsonObject) -> OutgoingItem:
    digest = checksum(data)
    return OutgoingItem(source_id, gateway.key(entity, source_id, digest), digest, data)


def _user(number: int, **more: Json) -> JsonObject:
    return {"email": f"u{number}@example.com", "active": True, **more}


async def test_every_entity_goes_in_and_comes_back_as_it_was_sent(gateway: ImportGateway) -> None:
    ids: dict[str, str] = {}

    async def write(entity: str, source_id: str, **data: Json) -> None:
        (receipt,) = await gateway.write(entity, "r1", f"b-{entity}", [_item(gateway, entity, source_id, data)])
        assert (receipt.outcome, receipt.action) == ("imported", "created"), receipt
        ids[entity] = receipt.target_id or ""
        assert (await gateway.read(entity, [source_id, "0"])) == {
            source_id: {"target_id": receipt.target_id, "checksum": checksum(data), "data": data}
        }

    await write("department", "1", name="Head office")
    await write("user", "1", **_user(1, department_ids=[ids["department"]]))
    await write("group", "1", name="Group", owner_id=ids["user"], members=[])
    await write("chat", "1", type="group", title="Chat", owner_id=ids["user"])
    await write("chat_message", "1", chat_id=ids["chat"], author_id=None, sent_at=NOW, body_html="<p>Hi</p>")
    await write("feed_post", "1", author_id=ids["user"], published_at=NOW, audience=None)
    await write("feed_comment", "1", post_id=ids["feed_post"], created_at=NOW)
    await write("task", "1", title="Task", responsible_id=ids["user"], group_id=ids["group"])
    await write("task_comment", "f1", task_id=ids["task"], created_at=NOW)
    await write("company", "1", title="Ромашка")
    await write("contact", "1", name="Anna", company_id=ids["company"])
    await write("deal", "1", title="Deal", stage_id="NEW", amount="10.00", contact_ids=[ids["contact"]])
    await write("smart_process_item", "128:1", entity_type_id="128", title="Item")
    await write("workflow_template", "1", name="Template")
    assert ids.keys() == WRITE_METHODS.keys()


async def test_a_repeated_call_writes_nothing_and_tells_who_wrote(gateway: ImportGateway) -> None:
    items = [_item(gateway, "user", "20", _user(20)), _item(gateway, "user", "21", _user(21))]
    first = await gateway.write("user", "r1", "b1", items)
    second = await gateway.write("user", "r2", "b1", items)
    assert [one.outcome for one in first] == ["imported", "imported"]
    assert [(one.outcome, one.target_id, one.run_id, one.action) for one in second] == [
        ("duplicate", one.target_id, "r1", "created") for one in first
    ]


async def test_a_record_that_changes_and_changes_back_is_written_three_times(gateway: ImportGateway) -> None:
    versions = [_user(30, name=name) for name in ("A", "B", "A")]
    receipts = [await gateway.write("user", "r1", "b", [_item(gateway, "user", "30", data)]) for data in versions]
    assert [receipt.action for (receipt,) in receipts] == ["created", "updated", "updated"]


async def test_both_sides_compute_the_same_checksum_of_awkward_values(gateway: ImportGateway) -> None:
    custom = {
        "UF_🙂": "🙂\u2028\x7f",
        "UF_ﬀ": [0.1, -0.0, 1e21, 1e-7, 333333333.33333329, 2**53 - 1],
        "UF_A": {"б": None},
    }
    (receipt,) = await gateway.write("user", "r1", "b", [_item(gateway, "user", "40", _user(40, custom=custom))])
    assert receipt.outcome == "imported", receipt


async def test_good_and_bad_records_of_a_call_get_their_own_receipts(gateway: ImportGateway) -> None:
    items = [
        _item(gateway, "group", "50", {"name": "No such owner", "owner_id": "999999"}),
        _item(gateway, "group", "51", {"name": "No owner"}),
    ]
    receipts = await gateway.write("group", "r1", "b", items)
    assert [(one.source_id, one.code, one.field) for one in receipts] == [
        ("50", "REFERENCE", "owner_id"),
        ("51", "VALIDATION", "owner_id"),
    ]


async def test_the_count_grows_with_what_was_created(gateway: ImportGateway) -> None:
    before, foreign = await gateway.count("company")
    await gateway.write("company", "r1", "b", [_item(gateway, "company", "60", {"title": "One more"})])
    assert await gateway.count("company") == (before + 1, foreign)


async def test_the_capabilities_are_those_of_the_contract(gateway: ImportGateway) -> None:
    capabilities = await gateway.capabilities()
    assert capabilities.limits.keys() == {*WRITE_METHODS, "media_file"}
    assert capabilities.max_media_bytes == 104_857_600
    assert (capabilities.limits["task"].max_items, capabilities.limits["task"].per_minute) == (50, 300)


async def test_the_real_gateway_passes_every_check(gateway: ImportGateway) -> None:
    assert all(check.ok for check in await gateway.checks())


async def test_a_wrong_code_stops_the_run(process: GatewayProcess) -> None:
    stranger = _connect(process.url("wr0ng-code"))
    with pytest.raises(RunStopped) as refusal:
        await stranger.capabilities()
    await stranger.client.close()
    assert refusal.value.reason.code == "target.unauthorised"


async def test_a_disabled_method_is_not_offered_and_stops_who_calls_it(narrow_gateway: ImportGateway) -> None:
    assert (await narrow_gateway.capabilities()).limits.keys() == {"department", "user", "media_file"}
    with pytest.raises(RunStopped) as refusal:
        await narrow_gateway.write("task", "r1", "b", [_item(narrow_gateway, "task", "1", {"title": "Task"})])
    assert refusal.value.reason.code == "target.refused"


async def test_the_real_gateway_says_what_it_lacks(gateway: ImportGateway) -> None:
    known = SchemaNeeds("deal", ("UF_A",), {"stage_id": ("NEW",)}, frozenset({"stage_id"}))
    assert [check.ok for check in await gateway.schema_checks(known)] == [True]
    lacking = SchemaNeeds("chat", ("UF_A",), {"stage_id": ("NEW",)}, frozenset({"stage_id"}))
    assert [(check.code, check.severity.value) for check in await gateway.schema_checks(lacking)] == [
        ("target.field_missing", "blocker"),
        ("target.code_missing", "blocker"),
    ]


async def test_a_gateway_that_cannot_be_asked_what_it_lacks_is_a_warning(narrow_gateway: ImportGateway) -> None:
    (check,) = await narrow_gateway.schema_checks(SchemaNeeds("department", ("UF_A",)))
    assert (check.ok, check.code, check.severity.value) == (False, "target.schema_unchecked", "warning")


async def test_a_batch_the_gateway_finds_too_large_goes_in_after_all(narrow_gateway: ImportGateway) -> None:
    items = [_item(narrow_gateway, "department", str(n), {"name": f"D{n}"}) for n in range(1, 6)]
    receipts = await narrow_gateway.write("department", "r1", "b", items)
    assert [(one.source_id, one.outcome) for one in receipts] == [(str(n), "imported") for n in range(1, 6)]


async def test_a_reached_rate_says_when_to_come_back(narrow_gateway: ImportGateway) -> None:
    items = [_item(narrow_gateway, "user", "1", _user(1))]
    await narrow_gateway.write("user", "r1", "b", items)
    with pytest.raises(SlowDown) as refusal:
        await narrow_gateway.write("user", "r1", "b", items)
    assert refusal.value.retry_after is not None
    assert 0 < refusal.value.retry_after <= 60


async def test_what_was_sent_before_a_restart_is_recognised_after_it(tmp_path: Path) -> None:
    process = GatewayProcess(tmp_path, {}, free_port())
    process.start()
    gateway = _connect(process.url())
    try:
        items = [_item(gateway, "user", "70", _user(70))]
        await gateway.write("user", "r1", "b", items)
        store = (await gateway.capabilities()).store_id
        process.stop()
        with pytest.raises(RetryLater):
            await gateway.write("user", "r1", "b", items)
        process.start()
        (receipt,) = await gateway.write("user", "r1", "b", items)
        assert receipt.outcome == "duplicate"
        assert (await gateway.capabilities()).store_id == store
    finally:
        process.stop()
        await gateway.client.close()


async def test_everything_is_listed_page_by_page_with_what_import_did_not_make(gateway: ImportGateway) -> None:
    page = await gateway.listing("workflow_template", "")
    before = {one.source_id for one in page.items}
    names = [f"w{number:04}" for number in range(1005)]
    for start in range(0, len(names), 20):
        items = [_item(gateway, "workflow_template", one, {"name": one}) for one in names[start : start + 20]]
        await gateway.write("workflow_template", "r-list", f"b{start}", items)
    first = await gateway.listing("workflow_template", "")
    second = await gateway.listing("workflow_template", str(first.next))
    assert (len(first.items), second.next) == (1000, None)
    assert {one.source_id for one in (*first.items, *second.items)} == {*names, *before}
    assert not any(one.foreign for one in first.items)
