"""``portage plan``."""

import typer

from cli.arguments import AsJson, PlanName, open_api
from cli.failures import Refused
from cli.output import Output
from cli.views.preview import preview_view
from shared.model.json import as_map

_ACCEPTED = 202
_MISSING = (404, 501)


def plan(context: typer.Context, plan: PlanName, as_json: AsJson = False) -> None:
    """Show what a run of a plan would do, without writing anything."""
    output = Output(as_json=as_json)
    try:
        answer = open_api(context).preview(plan)
    except Refused as refusal:
        if refusal.status in _MISSING and not refusal.problem.get("code"):
            refusal.hint = "this API makes no previews; portage run PLAN --mode dry_run tries the plan without writing"
        raise
    if as_json:
        output.json(answer.raw)
        return
    output.show(preview_view(answer.body))
    run_id = as_map(answer.body).get("run_id")
    if answer.status == _ACCEPTED and run_id:
        output.say(f"it takes long; watch it with: portage status {run_id} --watch")
