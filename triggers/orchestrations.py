"""The durable client as the engine wants it: start this, is that one alive."""

from datetime import UTC, datetime, timedelta

import azure.durable_functions as df

from shared.engine.job import Starter
from shared.engine.runs.watching import IsAlive

_ALIVE = {
    df.OrchestrationRuntimeStatus.Running,
    df.OrchestrationRuntimeStatus.ContinuedAsNew,
    df.OrchestrationRuntimeStatus.Suspended,
}

_BEGINS_WITHIN = timedelta(seconds=60)
"""An instance and the message that begins it are written one after the other: without the second it is pending for
good. To take a slow one for dead does no harm: its generation is over when it begins."""


def alive_through(client: df.DurableOrchestrationClient) -> IsAlive:
    """Asks the durable backend."""

    async def is_alive(instance_id: str) -> bool:
        status = await client.get_status(instance_id)
        if not status:
            return False
        if status.runtime_status is df.OrchestrationRuntimeStatus.Pending:
            return bool(datetime.now(UTC) - _in_utc(status.created_time) < _BEGINS_WITHIN)
        return status.runtime_status in _ALIVE

    return is_alive


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def starter_through(client: df.DurableOrchestrationClient) -> Starter:
    """Starts orchestrations; one that is there already is what was wanted."""
    is_alive = alive_through(client)

    async def start(orchestrator: str, instance_id: str, payload: dict[str, object]) -> None:
        try:
            await client.start_new(orchestrator, instance_id, payload)
        except Exception:
            if not await is_alive(instance_id):
                raise

    return start
