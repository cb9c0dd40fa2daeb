"""The timer that clears away what nobody needs any more."""

import logging
from datetime import UTC, datetime, timedelta

import azure.durable_functions as df
import azure.functions as func

from composition.app import current
from shared.model.messages import EXTRACT_QUEUE, IMPORT_QUEUE
from shared.ports.stores import WorkQueue

_LOG = logging.getLogger("portage.purge")
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
_ENDED = [
    df.OrchestrationRuntimeStatus.Completed,
    df.OrchestrationRuntimeStatus.Failed,
    df.OrchestrationRuntimeStatus.Terminated,
]

blueprint = df.Blueprint()


@blueprint.function_name("timer_purge")
@blueprint.timer_trigger("timer", schedule="0 17 3 * * *", run_on_startup=False, use_monitor=True)
@blueprint.durable_client_input(client_name="client")
async def purge(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Delete the history of orchestrations that ended days ago, and messages that even the poison readers died of.

    Runs, their ledgers and dead letters stay: no history is needed to show, resume or requeue them.
    """
    app = await current()
    oldest = datetime.now(UTC) - timedelta(days=app.configuration.settings.history_days)
    await clear_away(client, app.stores.queue, oldest)


async def clear_away(client: df.DurableOrchestrationClient, queues: WorkQueue, until: datetime) -> None:
    """Delete what began before ``until`` and has ended, and what nobody is going to read."""
    purged = await client.purge_instance_history_by(_BEGINNING, until, _ENDED)
    if purged.instances_deleted:
        _LOG.info("deleted the history of %s orchestrations that began before %s", purged.instances_deleted, until)
    for queue in (EXTRACT_QUEUE, IMPORT_QUEUE):
        left = f"{queue}-poison-poison"
        if count := await queues.length(left):
            _LOG.error("%s messages in %s are cleared away: the watchdog gives up what they were about", count, left)
            await queues.clear(left)
