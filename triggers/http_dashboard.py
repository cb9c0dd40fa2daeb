"""``/api/dashboard``: a page for people. It holds no data: it asks the API for them, with the key that is typed in."""

import azure.functions as func

from triggers.dashboard.assembling import HEADERS, PAGE

blueprint = func.Blueprint()


@blueprint.function_name("http_dashboard")
@blueprint.route("dashboard", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def dashboard(req: func.HttpRequest) -> func.HttpResponse:
    """The page, the same for everybody."""
    return func.HttpResponse(PAGE, headers=HEADERS, mimetype="text/html", charset="utf-8")
