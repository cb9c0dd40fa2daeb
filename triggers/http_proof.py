"""``/api/runs/{run_id}/proof``: what the target has, read back and held against the source."""

import azure.functions as func

from composition.app import current
from triggers.flaws import read_place, written
from triggers.problems import answer, guarded
from triggers.queries import one_of, page_size, read_query

blueprint = func.Blueprint()


@blueprint.function_name("http_run_proof")
@blueprint.route("runs/{run_id}/proof", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def run_proof(req: func.HttpRequest) -> func.HttpResponse:
    """Figures, verdict and findings of each entity, and the gates; 404 UNKNOWN_RUN."""
    read_query(req)
    app = await current()
    return answer(await app.proofs.of(await app.control.existing(req.route_params["run_id"])))


@blueprint.function_name("http_list_findings")
@blueprint.route("runs/{run_id}/proof/findings", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def list_findings(req: func.HttpRequest) -> func.HttpResponse:
    """``{"items", "next"}``: at most ``?limit=`` findings behind ``?after=``; 404 UNKNOWN_RUN.

    ``?entity=`` narrows the list to one entity of the run.
    """
    query = read_query(req, "entity", "limit", "after")
    size, place = page_size(query), read_place(query.get("after"))
    app = await current()
    run = await app.control.existing(req.route_params["run_id"])
    entity = one_of(query, "entity", run.entities)
    items, following = await app.proofs.findings(run, size, entity=entity, after=place)
    return answer({"items": items, "next": written(following)})
