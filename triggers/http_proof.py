"""``/api/runs/{run_id}/proof``: what the target has, read back and held against the source."""

import azure.functions as func

from composition.app import current
from triggers.problems import answer, guarded
from triggers.queries import read_query

blueprint = func.Blueprint()


@blueprint.function_name("http_run_proof")
@blueprint.route("runs/{run_id}/proof", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def run_proof(req: func.HttpRequest) -> func.HttpResponse:
    """Figures, verdict and findings of each entity, and the gates; 404 UNKNOWN_RUN."""
    read_query(req)
    app = await current()
    return answer(await app.proofs.of(await app.control.existing(req.route_params["run_id"])))
