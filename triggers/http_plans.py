"""``/api/plans``: what this installation can do."""

from dataclasses import asdict

import azure.functions as func

from composition.app import current
from shared.model.json import JsonObject
from shared.model.plan import Plan
from triggers.naming import plan_of
from triggers.problems import answer, guarded
from triggers.queries import read_query
from triggers.run_requests import MODES, chosen_of, read_preview_body

blueprint = func.Blueprint()


@blueprint.function_name("http_list_plans")
@blueprint.route("plans", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def list_plans(req: func.HttpRequest) -> func.HttpResponse:
    """All plans with their entities."""
    read_query(req)
    app = await current()
    return answer([_describe(plan) for name in app.plan_names if (plan := app.plan(name))])


@blueprint.function_name("http_plan")
@blueprint.route("plans/{plan}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def one_plan(req: func.HttpRequest) -> func.HttpResponse:
    """One plan; 404 UNKNOWN_PLAN."""
    read_query(req)
    return answer(_describe(plan_of(await current(), req.route_params["plan"])))


@blueprint.function_name("http_preview_plan")
@blueprint.route("plans/{plan}/preview", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def preview_plan(req: func.HttpRequest) -> func.HttpResponse:
    """What a run would do, without writing; 400, 404 UNKNOWN_PLAN, 413, 503 as problem documents."""
    read_query(req)
    body = read_preview_body(req)
    app = await current()
    plan = plan_of(app, req.route_params["plan"])
    return answer(await app.preview.of(plan.name, chosen_of(plan, body.entities), await app.arrived(plan.name)))


def _describe(plan: Plan) -> JsonObject:
    return {
        "plan": plan.name,
        "title": plan.title,
        "source": plan.source,
        "target": plan.target,
        "modes": list(MODES),
        "digest": plan.digest,
        "entities": [
            {
                "name": entity.name,
                "extract_after": list(entity.extract_after),
                "also_after": list(entity.also_after),
                "described_by": list(entity.described_by),
                "requires": list(entity.requires),
                "import_after": list(entity.import_after),
                "archive_only": entity.archive_only,
                "delta": None if entity.delta is None else asdict(entity.delta),
            }
            for entity in plan.entities
        ],
    }
