"""405 for a wrong method on a route of ours.

The platform answers 404 when no function takes the method of a request; so each route has one more function, which
takes the methods that the others do not. Routes and methods are those of the OpenAPI document.
"""

import re

import azure.functions as func

from triggers.openapi import document
from triggers.problems import Handler, Problem, problem

blueprint = func.Blueprint()


def _refuse(route: str, allowed: list[str]) -> None:
    others = [method for method in func.HttpMethod if method.value not in allowed]
    named = f"http_wrong_method_{re.sub('[^a-z]+', '_', route).strip('_')}"
    taking = blueprint.route(route, methods=others, auth_level=func.AuthLevel.FUNCTION)
    blueprint.function_name(named)(taking(_refusal(", ".join(allowed))))


def _refusal(allowed: str) -> Handler:
    async def refuse(req: func.HttpRequest) -> func.HttpResponse:
        detail = f"This route takes {allowed}, not {req.method}"
        return problem(Problem("METHOD_NOT_ALLOWED", detail), {"Allow": allowed})

    return refuse


for _path, _item in document()["paths"].items():
    _refuse(_path.removeprefix("/api/"), [method.value for method in func.HttpMethod if method.value.lower() in _item])
