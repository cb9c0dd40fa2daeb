"""Health, doctor and the API's own description."""

import azure.functions as func

from composition.app import current
from composition.doctor import unconfigured
from shared.settings.model import SettingsError
from triggers.openapi import document
from triggers.problems import answer, guarded
from triggers.queries import read_query

blueprint = func.Blueprint()


@blueprint.function_name("http_health")
@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@guarded
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Whether this instance takes requests; says nothing of other systems. 503 NOT_CONFIGURED for wrong settings."""
    await current()
    return answer({"status": "ok"})


@blueprint.function_name("http_doctor")
@blueprint.route("doctor", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def doctor(req: func.HttpRequest) -> func.HttpResponse:
    """Settings with their sources, and one check for every system and endpoint used."""
    read_query(req)
    try:
        app = await current()
    except SettingsError as error:
        return answer(unconfigured(error))
    return answer(await app.doctor.examine())


@blueprint.function_name("http_openapi")
@blueprint.route("openapi.json", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def openapi(req: func.HttpRequest) -> func.HttpResponse:
    """This API as an OpenAPI 3.1 document."""
    read_query(req)
    return answer(document())
