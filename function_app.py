"""The function app: every trigger, orchestration and activity of Portage, and nothing else."""

import azure.durable_functions as df
import azure.functions as func

from activities import run_steps
from composition.logs import configure_logging
from orchestrators.contract import RUN
from orchestrators.run import run
from triggers import (
    http_cutover,
    http_dashboard,
    http_dead_letters,
    http_flaws,
    http_methods,
    http_metrics,
    http_plans,
    http_proof,
    http_records,
    http_report,
    http_rollback,
    http_runs,
    http_service,
    queue_workers,
    timer_purge,
    timer_watchdog,
)

configure_logging()

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

orchestrations = df.Blueprint()
orchestrations.orchestration_trigger(context_name="context", orchestration=RUN)(run)

for module in (
    http_runs,
    http_dead_letters,
    http_flaws,
    http_rollback,
    http_records,
    http_plans,
    http_cutover,
    http_proof,
    http_report,
    http_service,
    http_metrics,
    http_dashboard,
    http_methods,
    queue_workers,
    timer_purge,
    timer_watchdog,
    run_steps,
):
    app.register_functions(module.blueprint)
app.register_functions(orchestrations)
