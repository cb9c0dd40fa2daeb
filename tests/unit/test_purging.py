"""What the nightly timer clears away, and what it leaves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from azure.durable_functions import OrchestrationRuntimeStatus as Status
from azure.durable_functions.models.PurgeHistoryResult import PurgeHistoryResult

from shared.storage.memory.opening import open_memory_stores
from triggers.timer_purge import clear_away

UNTIL = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Client:
    """Keeps what it is asked to purge."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)

    async def purge_instance_history_by(self, *what: Any) -> PurgeHistoryResult:
        self.asked.append(what)
        return PurgeHistoryResult(3)


async def test_only_the_history_of_what_has_ended_and_is_old_goes() -> None:
    client = Client()
    await clear_away(client, open_memory_stores().queue, UNTIL)
    ((since, until, states),) = client.asked
    assert since < until == UNTIL
    assert set(states) == {Status.Completed, Status.Failed, Status.Terminated}


async def test_messages_that_the_poison_readers_died_of_go_and_all_others_stay() -> None:
    queue = open_memory_stores().queue
    names = [f"{name}{end}" for name in ("extract", "import") for end in ("", "-poison", "-poison-poison")]
    for name in names:
        await queue.send(name, ["one"])
    await clear_away(Client(), queue, UNTIL)
    assert [await queue.length(name) for name in names] == [1, 1, 0, 1, 1, 0]
