"""Every call is on record under the name of its method, inside a batch too."""

from collections import Counter

import httpx
import orjson
import pytest

from connectors.bitrix24.transport import Access, Transport
from shared.http.client import HttpClient
from shared.model.errors import RunStopped
from tests.unit.bitrix24_stand_in import OpenBudget

_ANSWER = {
    "result": {
        "result": {"a": [], "b": []},
        "result_error": {"c": {"error": "insufficient_scope", "error_description": ""}},
    }
}


@pytest.fixture
def recorded() -> Counter[tuple[str, str]]:
    return Counter()


@pytest.fixture
def transport(recorded: Counter[tuple[str, str]]) -> Transport:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=orjson.dumps(_ANSWER))

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    http = HttpClient("source", lambda method, verdict: recorded.update([(method, verdict)]), http=client)
    return Transport(Access.of("https://portal.example/rest/1/secret-code/"), http, OpenBudget())


async def test_a_batch_is_one_request_and_what_was_in_it_counts_by_method_and_verdict(
    transport: Transport, recorded: Counter[tuple[str, str]]
) -> None:
    await transport.batch({"a": ("user.get", {}), "b": ("user.get", {}), "c": ("department.get", {})})
    assert recorded == {("batch", "ok"): 1, ("user.get", "ok"): 2, ("department.get", "source.denied"): 1}


async def test_a_write_is_on_record_as_refused_and_nothing_is_sent(
    transport: Transport, recorded: Counter[tuple[str, str]]
) -> None:
    with pytest.raises(RunStopped):
        await transport.batch({"a": ("user.get", {}), "b": ("user.add", {})})
    assert recorded == {("user.add", "source.write_refused"): 1}
