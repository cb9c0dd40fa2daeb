"""``/api/runs``: start, list, status, pause, resume, cancel."""

import logging
from urllib.parse import urlencode

import azure.durable_functions as df
import azure.functions as func

from composition.app import current
from composition.flags import SWITCH_ON
from shared.engine.runs.status import summary
from shared.model.run import Run, RunState
from shared.ports.tracing import learn
from triggers.naming import plan_of
from triggers.orchestrations import starter_through
from triggers.principal import who
from triggers.problems import Problem, answer, guarded
from triggers.queries import one_of, page_size, read_query
from triggers.run_requests import read_body, read_name, read_resume_body, to_request
from triggers.runs import page

_LOG = logging.getLogger("portage.api")

blueprint = df.Blueprint()


@blueprint.function_name("http_start_run")
@blueprint.route("runs", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@blueprint.durable_client_input(client_name="client")
@guarded
async def start_run(
    req: func.HttpRequest, client: df.DurableOrchestrationClient, context: func.Context
) -> func.HttpResponse:
    """202 with ``run_id`` and ``status_url``; 200 when a request with this ``Idempotency-Key`` has begun the run.

    400, 403 FLAG_DISABLED, 404, 409, 413, 422 KEY_REUSED as problem documents.
    """
    read_query(req)
    body = read_body(req)
    named = read_name(req, body)
    app = await current()
    if named is not None and (begun := await app.control.begun(named)) is not None:
        return _started(req, begun, 200)
    plan = plan_of(app, body.plan)
    if app.configuration.disabled(plan.name):
        raise Problem("FLAG_DISABLED", SWITCH_ON)
    arrived = await app.arrived(plan.name) if body.entities else frozenset()
    request = to_request(body, plan, arrived)
    traces = req.headers.get("traceparent"), getattr(context.trace_context, "trace_parent", None)
    with app.tracing.request("POST /api/runs", *traces, plan=plan.name) as traced:
        run = await app.control.start(request, who(req), starter_through(client), named)
        traced.attributes["status"] = "202"
        learn(run_id=run.run_id)
        _LOG.info("run %s of %s begins as %s", run.run_id, run.plan, run.mode.value)
    return _started(req, run, 202)


@blueprint.function_name("http_list_runs")
@blueprint.route("runs", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def list_runs(req: func.HttpRequest) -> func.HttpResponse:
    """Newest first: at most ``?limit=`` runs behind ``?after=``. A ``Link`` header names the page that follows.

    ``?plan=`` and ``?state=`` narrow the list.
    """
    query = read_query(req, "plan", "state", "limit", "after")
    size = page_size(query)
    app = await current()
    plan, state = one_of(query, "plan", app.plan_names), one_of(query, "state", tuple(RunState))
    shown, following = await page(app.stores.runs, size, plan=plan, state=state, after=query.get("after"))
    further = None if following is None else urlencode({**query, "after": following})
    headers = None if further is None else {"Link": f'<{req.url.split("?")[0]}?{further}>; rel="next"'}
    return answer([summary(run) for run in shown], headers=headers)


@blueprint.function_name("http_run_status")
@blueprint.route("runs/{run_id}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def run_status(req: func.HttpRequest) -> func.HttpResponse:
    """The status of one run; 404 UNKNOWN_RUN."""
    read_query(req)
    app = await current()
    return answer(await app.statuses.of(await app.control.existing(req.route_params["run_id"])))


@blueprint.function_name("http_pause_run")
@blueprint.route("runs/{run_id}/pause", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def pause_run(req: func.HttpRequest) -> func.HttpResponse:
    """Stop working on a run for now; 409 INVALID_STATE."""
    read_query(req)
    app = await current()
    return _changed(await app.control.pause(req.route_params["run_id"], who(req)))


@blueprint.function_name("http_resume_run")
@blueprint.route("runs/{run_id}/resume", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@blueprint.durable_client_input(client_name="client")
@guarded
async def resume_run(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Go on with a paused or halted run, with another failure threshold if the body has one.

    409 INVALID_STATE, RUN_ALREADY_ACTIVE, TARGET_CHANGED.
    """
    read_query(req)
    options = read_resume_body(req).options
    app = await current()
    resumed = await app.control.resume(
        req.route_params["run_id"], who(req), starter_through(client), failure_threshold=options.failure_threshold
    )
    return _changed(resumed)


@blueprint.function_name("http_cancel_run")
@blueprint.route("runs/{run_id}/cancel", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def cancel_run(req: func.HttpRequest) -> func.HttpResponse:
    """End a run for good; what went in stays. 409 INVALID_STATE."""
    read_query(req)
    app = await current()
    return _changed(await app.control.cancel(req.route_params["run_id"], who(req)))


def _started(req: func.HttpRequest, run: Run, status: int) -> func.HttpResponse:
    url = f"{req.url.split('?')[0].rstrip('/')}/{run.run_id}"
    return answer({"run_id": run.run_id, "status_url": url}, status, {"Location": url})


def _changed(run: Run) -> func.HttpResponse:
    return answer(summary(run))
