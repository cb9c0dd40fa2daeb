"""``/api/runs/{run_id}/flaws``: what went in though something of it is lacking, record by record."""

import azure.functions as func

from composition.app import current
from shared.engine.runs.flaws import KINDS
from triggers.flaws import read_place, written
from triggers.problems import answer, guarded
from triggers.queries import one_of, page_size, read_query

blueprint = func.Blueprint()


@blueprint.function_name("http_list_flaws")
@blueprint.route("runs/{run_id}/flaws", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def list_flaws(req: func.HttpRequest) -> func.HttpResponse:
    """``{"items", "next"}``: at most ``?limit=`` flaws behind ``?after=``; 404 UNKNOWN_RUN.

    ``?entity=`` and ``?kind=`` narrow the list to one entity of the run, and to what the status counts under that name.
    """
    query = read_query(req, "entity", "kind", "limit", "after")
    size, place = page_size(query), read_place(query.get("after"))
    kind = one_of(query, "kind", KINDS)
    app = await current()
    run = await app.control.existing(req.route_params["run_id"])
    entity = one_of(query, "entity", run.entities)
    flaws, following = await app.flaws.page(run, size, entity=entity, kind=kind, after=place)
    return answer({"items": [flaw.document() for flaw in flaws], "next": written(following)})
