"""How long to stay away: told by the server, kept by the client."""

import pytest

from shared.model.errors import SlowDown
from tests.unit.http.scripted_server import GOOD, Caller, Server, answer


async def test_throttling_goes_to_the_budget_and_is_not_repeated(caller: Caller, server: Server) -> None:
    server.answers = [answer(503, b"")]
    error = await caller.fails()
    assert (type(error), error.retry_after) == (SlowDown, None)
    assert caller.budget.refusals == [("user.get", None)]
    assert caller.verdicts == [("user.get", "source.throttled")]


LATER = "Date: Wed, 21 Oct 2026 07:28:00 GMT", "Retry-After: Wed, 21 Oct 2026 07:28:03 GMT"


@pytest.mark.parametrize("headers", [("Retry-After: 3",), LATER], ids=["seconds", "date"])
async def test_throttling_says_how_long_it_lasts(caller: Caller, server: Server, headers: tuple[str, ...]) -> None:
    server.answers = [answer(429, b"", *headers)]
    assert (await caller.fails()).retry_after == 3.0


@pytest.mark.parametrize("headers", [("Retry-After: 3",), LATER], ids=["seconds", "date"])
async def test_a_stumble_is_not_repeated_before_its_time(
    caller: Caller, server: Server, headers: tuple[str, ...]
) -> None:
    server.answers = [answer(502, b"<html>", *headers), answer(200, GOOD)]
    await caller.post()
    assert caller.slept == [3.0]


async def test_a_stumble_that_lasts_longer_than_we_may_wait_is_handed_on(caller: Caller, server: Server) -> None:
    server.answers = [answer(502, b"<html>", "Retry-After: 120")]
    error = await caller.fails()
    assert (error.retry_after, caller.slept, len(server.asked)) == (120.0, [], 1)


async def test_what_the_body_says_of_the_wait_goes_before_the_header(caller: Caller, server: Server) -> None:
    server.answers = [answer(420, b"{}", "Retry-After: 3")]
    assert (await caller.fails()).retry_after == 45.0
    assert caller.budget.refusals == [("user.get", 45.0)]
