"""Only methods that read leave the process; everything else is counted and stays."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.bitrix24.methods import READ_METHODS, require_read
from connectors.bitrix24.transport import Access, Transport
from shared.http.client import HttpClient
from shared.model.errors import RunStopped
from tests.unit.bitrix24_stand_in import OpenBudget

FORBIDDEN = [
    "crm.deal.add",
    "CRM.DEAL.ADD",
    "crm.deal.add.json",
    " user.add",
    "user.add ",
    "user.get ",
    " user.get",
    "user.get\n",
    "user.get\x00",
    "user .get",
    "user.get?x=1&cmd[a]=user.add",
    "crm.deal.list?x=1&cmd[a]=crm.deal.add",
    "user.get&auth=1",
    "user.get#",
    "user.get/../user.add",
    "user.get/%2e%2e/user.add",
    "../1/secret/user.get",
    "user%2Eget",
    "user%2eadd",
    "user.get;user.add",
    "/user.get",
    "user.get/",
    "user.get.json.json",
    "user.get.php",
    "user..get",
    "user",
    "",
    "batch",
    "BATCH",
    "batch.json",
    "batch?cmd[a]=user.get",
    "profile.update",
    "ｕser.get",
    "user.ge\u0442",
]
SECRET = "u1x7kq9zv3"


@dataclass
class Portal:
    """Remembers (path, body) of everything that reaches it."""

    asked: list[tuple[str, object]] = field(default_factory=list)
    verdicts: list[tuple[str, str]] = field(default_factory=list)

    async def rest(self, request: Request) -> JSONResponse:
        body = await request.json()
        self.asked.append((request.url.path, body))
        return JSONResponse({"result": {"result": {key: [] for key in body.get("cmd", {})}}})


@pytest.fixture
def portal() -> Portal:
    return Portal()


@pytest.fixture
async def transport(portal: Portal) -> AsyncIterator[Transport]:
    app = Starlette(routes=[Route("/{path:path}", portal.rest, methods=["GET", "POST"])])
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app))
    client = HttpClient("source", lambda method, verdict: portal.verdicts.append((method, verdict)), http=http)
    yield Transport(Access.of(f"https://portal.example/rest/1/{SECRET}/"), client, OpenBudget())
    await client.close()


@pytest.mark.parametrize("method", FORBIDDEN)
async def test_a_call_that_is_not_on_the_list_is_counted_and_never_sent(
    transport: Transport, portal: Portal, method: str
) -> None:
    with pytest.raises(RunStopped) as refusal:
        await transport.call(method, {})
    assert refusal.value.reason.code == "source.write_refused"
    assert portal.asked == []
    assert [verdict for _, verdict in portal.verdicts] == ["source.write_refused"]


@pytest.mark.parametrize("method", FORBIDDEN)
async def test_a_batch_with_a_command_that_is_not_on_the_list_is_counted_and_never_sent(
    transport: Transport, portal: Portal, method: str
) -> None:
    with pytest.raises(RunStopped):
        await transport.batch({"a": ("user.get", {}), "b": (method, {}), "c": ("user.get", {})})
    assert portal.asked == []
    assert [verdict for _, verdict in portal.verdicts] == ["source.write_refused"]


@pytest.mark.parametrize("method", sorted(READ_METHODS))
async def test_a_method_on_the_list_is_sent(transport: Transport, portal: Portal, method: str) -> None:
    await transport.call(method, {"start": 0})
    assert portal.asked == [(f"/rest/1/{SECRET}/{method}", {"start": 0})]


@pytest.mark.parametrize("method", ["USER.GET", "User.Get", "user.get.json", "user.get.xml", "USER.GET.JSON"])
async def test_a_method_is_sent_as_it_stands_on_the_list(transport: Transport, portal: Portal, method: str) -> None:
    await transport.call(method, {})
    await transport.batch({"a": (method, {})})
    assert [path for path, _ in portal.asked] == [f"/rest/1/{SECRET}/user.get", f"/rest/1/{SECRET}/batch"]
    assert portal.asked[1][1] == {"halt": 0, "cmd": {"a": "user.get?"}}


@pytest.mark.parametrize("method", ["tasks.task.getFields", "disk.attachedObject.get"])
async def test_a_method_is_sent_in_the_letters_of_the_documentation(
    transport: Transport, portal: Portal, method: str
) -> None:
    await transport.batch({"a": (method.lower(), {})})
    assert portal.asked[0][1] == {"halt": 0, "cmd": {"a": f"{method}?"}}


async def test_a_parameter_cannot_add_a_command(transport: Transport, portal: Portal) -> None:
    await transport.batch({"a": ("user.get", {"NAME": "x&cmd[b]=user.add?", "cmd": {"c": "user.add"}})})
    command = "user.get?NAME=x%26cmd%5Bb%5D%3Duser.add%3F&cmd[c]=user.add"
    assert portal.asked[0][1] == {"halt": 0, "cmd": {"a": command}}


@given(st.text() | st.from_regex(r"(?i)(user|crm|batch)\.?(get|add|deal\.list)[\s?&/.%#]?\w*", fullmatch=True))
def test_whatever_is_asked_for_only_what_is_on_the_list_passes(method: str) -> None:
    with contextlib.suppress(RunStopped):
        assert require_read(method) in READ_METHODS


def test_no_method_on_the_list_writes() -> None:
    writing = ("add", "update", "delete", "set", "create", "bind", "import", "batch", "start", "send", "invite")
    assert [method for method in READ_METHODS if method.rpartition(".")[2] in writing] == []


async def test_a_refusal_names_the_method_and_nothing_more(transport: Transport, portal: Portal) -> None:
    with pytest.raises(RunStopped, match=r"^user\.get is not on the list of read methods$"):
        await transport.call(f"user.get?auth={SECRET}", {})
    assert portal.verdicts == [("user.get", "source.write_refused")]


@pytest.mark.parametrize("size", [0, 51])
async def test_a_batch_has_one_to_fifty_commands(transport: Transport, portal: Portal, size: int) -> None:
    with pytest.raises(ValueError, match="1 to 50"):
        await transport.batch({f"k{number}": ("user.get", {}) for number in range(size)})
    assert portal.asked == []
