"""``/api/records``: the life of one record."""

import azure.functions as func

from composition.app import current
from shared.model.quoting import quoted
from triggers.naming import plan_of
from triggers.problems import Problem, answer, guarded
from triggers.queries import read_query
from triggers.run_requests import chosen_of

blueprint = func.Blueprint()

_LONGEST_ID = 200


@blueprint.function_name("http_explain_record")
@blueprint.route("records/{plan}/{entity}/{source_id}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def explain(req: func.HttpRequest) -> func.HttpResponse:
    """Raw data, transformation, references, what came of it in each run, and how the target has it now.

    ``?within=`` names the parent of a record that lies by its parent; without it the parent is looked for. 404
    UNKNOWN_PLAN, UNKNOWN_RECORD; 400 for an entity that the plan does not have.
    """
    query = read_query(req, "within")
    name, entity, source_id = (req.route_params[part] for part in ("plan", "entity", "source_id"))
    app = await current()
    plan = plan_of(app, name)
    chosen_of(plan, [entity])
    known = len(source_id) <= _LONGEST_ID and await app.explaining.of(plan.name, entity, source_id, query.get("within"))
    if not known:
        raise Problem("UNKNOWN_RECORD", f"No run of {plan.name} has read {entity} {quoted(source_id)}")
    return answer(known)
