"""``/api/plans/{plan}/cutover``: the read-only window, the decision, and what is left to be done after it."""

import azure.functions as func

from composition.app import current
from shared.model.cutover import CutoverAction
from triggers.naming import plan_of
from triggers.principal import who
from triggers.problems import answer, guarded
from triggers.queries import read_query
from triggers.run_requests import read_cutover_body

blueprint = func.Blueprint()


@blueprint.function_name("http_cutover")
@blueprint.route("plans/{plan}/cutover", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def cutover(req: func.HttpRequest) -> func.HttpResponse:
    """State, go / no-go sheet, checklist and events; 404 UNKNOWN_PLAN."""
    read_query(req)
    app = await current()
    return answer(await app.cutovers.of(plan_of(app, req.route_params["plan"])))


@blueprint.function_name("http_act_on_cutover")
@blueprint.route("plans/{plan}/cutover", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def act(req: func.HttpRequest) -> func.HttpResponse:
    """Do one thing, and answer what it is like then; 400, 404 UNKNOWN_PLAN, UNKNOWN_RUN, 409 INVALID_STATE, 413."""
    read_query(req)
    body = read_cutover_body(req)
    app = await current()
    plan = plan_of(app, req.route_params["plan"])
    action = CutoverAction(body.action)
    return answer(await app.cutovers.act(plan, action, who(req), about=body.about, note=body.note))
