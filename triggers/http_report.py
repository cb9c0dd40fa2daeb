"""``/api/runs/{run_id}/report``: all there is to say about a run, as a page that prints, or as JSON."""

import azure.functions as func

from composition.app import current
from shared.report.page import policy, render
from triggers.accepting import prefers_json
from triggers.problems import answer, guarded
from triggers.queries import read_query

_HEADERS = {"Cache-Control": "no-store", "Vary": "Accept"}
_OF_PAGES = {
    **_HEADERS,
    "Content-Security-Policy": policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

blueprint = func.Blueprint()


@blueprint.function_name("http_run_report")
@blueprint.route("runs/{run_id}/report", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def run_report(req: func.HttpRequest) -> func.HttpResponse:
    """HTML unless ``Accept`` prefers JSON; of a run that works, how it stands now. 404 UNKNOWN_RUN."""
    read_query(req)
    app = await current()
    document = await app.reports.of(await app.control.existing(req.route_params["run_id"]))
    if prefers_json(req.headers.get("accept", "")):
        return answer(document, headers=_HEADERS)
    return func.HttpResponse(render(document), headers=_OF_PAGES, mimetype="text/html", charset="utf-8")
