"""What a portal says of its limits, and what the budget hears of it."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.bitrix24.batch import read_batch
from connectors.bitrix24.errors import classify_body
from connectors.bitrix24.operating import Operating, read_operating
from connectors.bitrix24.transport import Access, Transport
from shared.http.client import HttpClient
from shared.model.errors import EntityStopped, PortageError, SlowDown
from shared.model.json import Json, JsonObject

NOW = 1_790_000_000.25
SPENT = {"error": "OPERATION_TIME_LIMIT", "error_description": "Method is blocked due to operation time limit."}
TOO_MANY = {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"}


def _time(operating: float, resets_in: float = 90.0) -> JsonObject:
    return {"start": NOW - 1, "finish": NOW, "operating": operating, "operating_reset_at": NOW + resets_in}


@dataclass
class Portal:
    """Answers every call the same; remembers what the budget was asked and told."""

    body: Json = None
    status: int = 200
    asked: list[str] = field(default_factory=list)
    told: list[tuple[str, float | None]] = field(default_factory=list)

    async def rest(self, _request: Request) -> JSONResponse:
        return JSONResponse(self.body, self.status)

    async def acquire(self, method: str, calls: int = 1) -> None:
        self.asked += [method] * calls

    async def throttled(self, method: str, retry_after: float | None = None) -> None:
        self.told.append((method, retry_after))

    def answers_batch(self, **sections: JsonObject) -> None:
        self.body = {"result": sections}


@pytest.fixture
def portal() -> Portal:
    return Portal()


@pytest.fixture
async def transport(portal: Portal) -> AsyncIterator[Transport]:
    app = Starlette(routes=[Route("/{path:path}", portal.rest, methods=["POST"])])
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app))
    client = HttpClient("source", lambda _method, _verdict: None, http=http)
    yield Transport(Access.of("https://portal.example/rest/1/secret-code/"), client, portal)
    await client.close()


def _pause(body: JsonObject, status: int = 429) -> float | None:
    error = classify_body(body, status)
    assert isinstance(error, SlowDown)
    return error.retry_after


@pytest.mark.parametrize("status", [200, 429, 503])
def test_a_spent_method_rests_until_the_portal_resets_it(status: int) -> None:
    assert _pause({**SPENT, "time": _time(481.0, 75.5)}, status) == 75.5


def test_a_spent_method_rests_a_minute_when_the_portal_does_not_say() -> None:
    assert _pause(SPENT) == 60.0
    assert _pause({**SPENT, "time": {"finish": NOW, "operating": 481.0}}) == 60.0


@pytest.mark.parametrize(("resets_in", "pause"), [(-30.0, 1.0), (0.0, 1.0), (100_000.0, 600.0)])
def test_a_spent_method_rests_a_second_at_least_and_ten_minutes_at_most(resets_in: float, pause: float) -> None:
    assert _pause({**SPENT, "time": _time(481.0, resets_in)}) == pause


def test_the_time_of_reset_may_stand_in_the_error_itself() -> None:
    assert _pause({**SPENT, "finish": NOW, "operating_reset_at": NOW + 30.0}) == 30.0


def test_the_time_of_reset_is_measured_by_our_clock_when_the_portal_tells_no_time() -> None:
    assert _pause({**SPENT, "operating_reset_at": time.time() + 100}) == pytest.approx(100, abs=5)


def test_too_many_requests_do_not_say_how_long_to_wait() -> None:
    assert _pause({**TOO_MANY, "time": _time(481.0)}, 503) is None


def test_an_answer_without_operating_tells_nothing() -> None:
    assert read_operating(None) is None
    assert read_operating([]) is None
    assert read_operating({"start": NOW, "finish": NOW, "duration": 0.1}) is None
    assert read_operating({"operating": None}) is None


def test_operating_without_a_time_of_reset_is_told_alone() -> None:
    assert read_operating({"operating": 0}) == Operating(0.0, None)


async def test_operating_is_read_from_a_single_answer(transport: Transport, portal: Portal) -> None:
    portal.body = {"result": [], "time": _time(12.5)}
    envelope = await transport.call("user.get", {})
    assert envelope.operating == Operating(12.5, 90.0)


async def test_operating_is_read_from_a_batch_by_method(transport: Transport, portal: Portal) -> None:
    portal.answers_batch(
        result={"a": [], "b": [], "c": []}, result_time={"a": _time(5.0), "b": _time(7.5, 80.0), "c": _time(1.0)}
    )
    answer = await transport.batch({"a": ("user.get", {}), "b": ("USER.GET", {}), "c": ("department.get", {})})
    assert answer.operating == {"user.get": Operating(7.5, 80.0, 2.5), "department.get": Operating(1.0, 90.0)}


def test_the_outer_time_of_a_batch_is_nobodys() -> None:
    body = b'{"result":{"result":{"a":[]},"result_time":[]},"time":{"operating":9,"finish":1}}'
    assert read_batch(body, {"a": "user.get"}).operating == {}


async def test_a_method_that_is_nearly_spent_rests_before_it_is_refused(transport: Transport, portal: Portal) -> None:
    portal.body = {"result": [], "time": _time(456.0, 33.0)}
    await transport.call("user.get", {})
    assert [(method, round(seconds or 0)) for method, seconds in portal.told] == [("user.get", 33)]


@pytest.mark.parametrize("block", [_time(455.0), _time(479.0, 0.0), {"operating": 479.0}])
async def test_a_method_that_has_seconds_left_goes_on(transport: Transport, portal: Portal, block: JsonObject) -> None:
    portal.body = {"result": [], "time": block}
    await transport.call("user.get", {})
    assert portal.told == []


async def test_a_command_that_is_refused_inside_a_batch_is_told_to_the_budget_once(
    transport: Transport, portal: Portal
) -> None:
    portal.answers_batch(result={"a": []}, result_error={"b": SPENT, "c": SPENT}, result_time={"a": _time(400.0, 44.0)})
    answer = await transport.batch({key: ("user.get", {}) for key in "abc"})
    assert portal.told == [("user.get", 44.0)]
    assert {key: error.retry_after for key, error in answer.errors.items()} == {"b": 44.0, "c": 44.0}


def test_a_refused_command_does_not_take_its_time_from_another_method() -> None:
    section: dict[str, Any] = {"result": {"a": []}, "result_error": {"b": SPENT}, "result_time": {"a": _time(1.0)}}
    answer = read_batch(httpx.Response(200, json={"result": section}).content, {"a": "user.get", "b": "profile"})
    assert answer.errors["b"].retry_after == 60.0


async def test_too_many_requests_inside_a_batch_slow_everybody_down(transport: Transport, portal: Portal) -> None:
    portal.answers_batch(result={"a": []}, result_error={"b": TOO_MANY})
    answer = await transport.batch({"a": ("user.get", {}), "b": ("user.get", {})})
    assert portal.told == [("user.get", None)]
    assert isinstance(answer.errors["b"], SlowDown)


async def test_other_errors_inside_a_batch_are_none_of_the_budgets_business(
    transport: Transport, portal: Portal
) -> None:
    portal.answers_batch(result_error={"a": {"error": "insufficient_scope", "error_description": ""}})
    answer = await transport.batch({"a": ("user.get", {})})
    assert isinstance(answer.errors["a"], EntityStopped)
    assert portal.told == []


async def test_a_batch_of_one_method_rests_when_the_method_does(transport: Transport, portal: Portal) -> None:
    portal.answers_batch(result={"a": [], "b": []})
    await transport.batch({"a": ("user.get", {}), "b": ("User.Get", {})})
    await transport.batch({"a": ("user.get", {}), "b": ("profile", {})})
    assert portal.asked == ["user.get", "batch"]


async def test_a_call_refused_as_a_whole_is_told_with_its_time(transport: Transport, portal: Portal) -> None:
    portal.status, portal.body = 429, {**SPENT, "time": _time(481.0, 15.0)}
    with pytest.raises(SlowDown) as refusal:
        await transport.call("user.get", {})
    assert refusal.value.retry_after == 15.0
    assert portal.told == [("user.get", 15.0)]


@pytest.mark.parametrize(
    "section", [{}, {"result": [], "result_error": []}, {"result": {"b": []}}, {"result": [[], []]}]
)
async def test_a_command_that_the_portal_is_silent_about_is_an_error(
    transport: Transport, portal: Portal, section: JsonObject
) -> None:
    portal.body = {"result": section}
    answer = await transport.batch({"a": ("user.get", {})})
    assert answer.errors["a"].reason.code == "source.unexpected_answer"
    assert "a" not in answer.results


@pytest.mark.parametrize("failure", [None, "no", [], {}, {"result": 1}, {"error": ""}])
async def test_whatever_stands_among_the_errors_is_an_error(
    transport: Transport, portal: Portal, failure: Json
) -> None:
    portal.answers_batch(result={"a": []}, result_error={"a": failure})
    answer = await transport.batch({"a": ("user.get", {})})
    assert isinstance(answer.errors["a"], PortageError)
    assert answer.results == {}


@pytest.mark.parametrize("result", [None, [], True, "x"])
async def test_a_batch_without_sections_answers_nothing(transport: Transport, portal: Portal, result: Json) -> None:
    portal.body = {"result": result}
    answer = await transport.batch({"a": ("user.get", {})})
    assert set(answer.errors) == {"a"}
