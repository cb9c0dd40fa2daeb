"""``/api/runs/{run_id}/rollback``: what an undo of a run takes, its beginning, and what came of it."""

import azure.durable_functions as df
import azure.functions as func

from composition.app import current
from shared.engine.runs.undone import undo_figures
from shared.model.ledger import Stage
from triggers.orchestrations import starter_through
from triggers.principal import who
from triggers.problems import Problem, answer, guarded
from triggers.queries import page_size, read_query
from triggers.rollbacks import previewed, read_place, told
from triggers.run_requests import chosen_of, read_rollback_body

blueprint = df.Blueprint()


@blueprint.function_name("http_roll_back_run")
@blueprint.route("runs/{run_id}/rollback", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@blueprint.durable_client_input(client_name="client")
@guarded
async def roll_back(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """200 with what it would take and a token; 202 when the body has that token. 400, 404, 409, 413.

    The token is good for 15 minutes, for this run as it stands, and for these entities.
    """
    read_query(req)
    body = read_rollback_body(req)
    app = await current()
    run = await app.control.existing(req.route_params["run_id"])
    plan = app.plan(run.plan)
    if plan is None:
        raise Problem("INVALID_STATE", f"There is no plan {run.plan} any more, by which the run could be undone")
    chosen = chosen_of(plan, body.entities) if body.entities else ()
    if body.token is None:
        return answer(previewed(await app.undo_requests.preview(run.run_id, chosen)))
    await app.undo_requests.begin(run.run_id, chosen, body.token, who(req), starter_through(client))
    url = req.url.split("?")[0].rstrip("/").removesuffix("/rollback")
    return answer({"run_id": run.run_id, "status_url": url}, 202, {"Location": url})


@blueprint.function_name("http_rollback_of_run")
@blueprint.route("runs/{run_id}/rollback", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def rollback(req: func.HttpRequest) -> func.HttpResponse:
    """Counts of the last one, and at most ``?limit=`` of the records that it left, behind ``?after=``.

    404 UNKNOWN_RUN; 409 INVALID_STATE for a run that nobody rolled back.
    """
    query = read_query(req, "limit", "after")
    size, place = page_size(query), read_place(query.get("after"))
    app = await current()
    run = await app.control.existing(req.route_params["run_id"])
    figures = undo_figures(run, await app.stores.ledger.scan(run.run_id, stage=Stage.UNDO))
    if figures is None:
        raise Problem("INVALID_STATE", "The run was never rolled back")
    records, following = await app.rollbacks.page(run, size, place)
    return answer(told(run.run_id, figures, records, following, under_way=run.undo is not None))
