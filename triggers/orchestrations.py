"""The durable client as the engine wants it: start this, is that one alive."""

import azure.durable_functions as df

from shared.engine.job import Starter
from shared.engine.runs.watching import IsAlive

_ALIVE = {
    df.OrchestrationRuntimeStatus.Running,
    df.OrchestrationRuntimeStatus.Pending,
    df.OrchestrationRuntimeStatus.ContinuedAsNew,
    df.OrchestrationRuntimeStatus.Suspended,
}


def alive_through(client: df.DurableOrchestrationClient) -> IsAlive:
    """Asks the durable backend."""

    async def is_alive(instance_id: str) -> bool:
        status = await client.get_status(instance_id)
        return bool(status) and status.runtime_status in _ALIVE

    return is_alive


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
