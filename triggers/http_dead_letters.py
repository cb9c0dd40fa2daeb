"""``/api/dead-letters``: the records that failed for good, one by one and by cause; and another try for them."""

import azure.durable_functions as df
import azure.functions as func

from composition.app import current
from shared.engine.dead_letters.grouping import by_cause
from shared.engine.letters import letters_of
from triggers.dead_letters import described, page, selection, told
from triggers.orchestrations import starter_through
from triggers.principal import who
from triggers.problems import answer, guarded
from triggers.queries import page_size, read_query
from triggers.run_requests import read_requeue_body

blueprint = df.Blueprint()


@blueprint.function_name("http_list_dead_letters")
@blueprint.route("dead-letters", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def list_dead_letters(req: func.HttpRequest) -> func.HttpResponse:
    """``{"items", "next"}`` in key order: at most ``?limit=`` letters behind ``?after=``; 404 UNKNOWN_RUN.

    ``next`` is what to pass as ``after`` for the letters that follow, null when there are none. ``?run_id=`` narrows
    the list to one run.
    """
    query = read_query(req, "run_id", "limit", "after")
    run_id, size = query.get("run_id"), page_size(query)
    app = await current()
    if run_id is not None:
        await app.control.existing(run_id)
    shown, following = await page(app.stores.dead_letters, run_id, size, query.get("after"))
    return answer({"items": [described(letter) for letter in shown], "next": following})


@blueprint.function_name("http_dead_letter_causes")
@blueprint.route("dead-letters/causes", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@guarded
async def list_causes(req: func.HttpRequest) -> func.HttpResponse:
    """What the letters have in common, the most frequent first; ``?run_id=`` as above."""
    run_id = read_query(req, "run_id").get("run_id")
    app = await current()
    if run_id is not None:
        await app.control.existing(run_id)
    return answer(await by_cause(letters_of(app.stores.dead_letters, run_id)))


@blueprint.function_name("http_requeue_dead_letters")
@blueprint.route("dead-letters/requeue", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@blueprint.durable_client_input(client_name="client")
@guarded
async def requeue(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 with how many letters go again and in which runs; 200 when that changes nothing. 400, 404, 409, 413."""
    read_query(req)
    body = read_requeue_body(req)
    app = await current()
    requeued = await app.requeueing.requeue(selection(body), who(req), starter_through(client), only_tell=body.dry_run)
    url = req.url.split("?")[0].rstrip("/").removesuffix("dead-letters/requeue") + "runs/{}"
    return answer(told(requeued, url), 202 if requeued.runs and not body.dry_run else 200)
