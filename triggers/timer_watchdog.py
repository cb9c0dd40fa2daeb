"""The watchdog's timer."""

import logging

import azure.durable_functions as df
import azure.functions as func

from composition.app import current
from triggers.orchestrations import alive_through, starter_through

_LOG = logging.getLogger("portage.watchdog")

blueprint = df.Blueprint()


@blueprint.function_name("timer_watchdog")
@blueprint.timer_trigger("timer", schedule="*/30 * * * * *", run_on_startup=False, use_monitor=False)
@blueprint.durable_client_input(client_name="client")
async def watchdog(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Restart runs that stand still, give back locks that were left behind, measure how things stand."""
    app = await current()
    for finding in await app.watchdog.look(app.plan_names, alive_through(client), starter_through(client)):
        _LOG.warning("run %s: %s", finding.run_id, finding.message)
    await app.gauges.measure(app.plan_names)
