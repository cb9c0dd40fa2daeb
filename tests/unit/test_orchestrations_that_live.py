"""Which orchestrations count as alive, by what the durable backend says of them."""

from datetime import UTC, datetime, timedelta

import pytest
from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus

from triggers.orchestrations import alive_through


class Backend:
    """Answers the status of one instance, which was made ``age`` seconds ago."""

    def __init__(self, state: str | None, age: float = 0.0) -> None:
        made = (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
        self._facts = {"createdTime": made, "runtimeStatus": state} if state else {}

    async def get_status(self, _instance_id: str) -> DurableOrchestrationStatus:
        return DurableOrchestrationStatus(**self._facts)


@pytest.mark.parametrize("state", ["Running", "ContinuedAsNew", "Suspended"])
async def test_what_has_begun_and_not_ended_is_alive_however_old_it_is(state: str) -> None:
    assert await alive_through(Backend(state, age=9_000))("run-1-1")


@pytest.mark.parametrize("state", ["Completed", "Failed", "Terminated", None])
async def test_what_has_ended_or_never_was_is_not_alive(state: str | None) -> None:
    assert not await alive_through(Backend(state))("run-1-1")


async def test_what_is_about_to_begin_is_alive() -> None:
    assert await alive_through(Backend("Pending", age=5))("run-1-1")


async def test_what_should_have_begun_long_ago_is_not_alive() -> None:
    assert not await alive_through(Backend("Pending", age=120))("run-1-1")
