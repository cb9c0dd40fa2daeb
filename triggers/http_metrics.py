"""``/api/metrics``: what this process counts, for Prometheus."""

import azure.functions as func

from composition.app import current
from shared.telemetry.prometheus import CONTENT_TYPE
from triggers.problems import guarded
from triggers.queries import read_query

blueprint = func.Blueprint()


@blueprint.function_name("http_metrics")
@blueprint.route("metrics", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def metrics(req: func.HttpRequest) -> func.HttpResponse:
    """Counters and distributions since the process began, and gauges that it measured in the last three minutes."""
    read_query(req)
    text = (await current()).counters.exposition()
    return func.HttpResponse(text, headers={"Content-Type": CONTENT_TYPE})
