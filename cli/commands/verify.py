"""``portage verify``."""

from typing import Annotated

import typer

from cli.arguments import AsJson, named, open_api
from cli.exits import ExitCode
from cli.following import watched
from cli.output import Output
from cli.run_status import RunStatus
from cli.views.proof import proof_view
from shared.model.json import JsonObject, as_map
from shared.model.run import RunMode


def verify(
    context: typer.Context,
    run_id: Annotated[
        str | None,
        typer.Argument(metavar="RUN_ID", callback=named, help="Show the proof of this run."),
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option("--plan", metavar="PLAN", callback=named, help="Compare source and target of this plan anew."),
    ] = None,
    entity: Annotated[
        list[str] | None, typer.Option("--entity", metavar="NAME", help="Only this entity; may be repeated.")
    ] = None,
    sample: Annotated[
        float | None,
        typer.Option(
            "--sample", min=0, max=1, metavar="SHARE", help="How much of it field by field; 0.05 if left out."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show whether the target has what the source has: figures, what differs, gates. Writes nothing there.

    With RUN_ID it is what that run found at its end. With --plan a new run reads both sides, and is followed.
    Exit code 0 only if every gate is passed.
    """
    if (run_id is None) == (plan is None):
        raise typer.BadParameter("give the id of a run, or --plan to compare anew", param_hint="RUN_ID")
    if run_id is not None and (entity or sample is not None):
        raise typer.BadParameter("--entity and --sample go with --plan", param_hint="RUN_ID")
    api = open_api(context)
    output = Output(as_json=as_json)
    if run_id is None:
        request: JsonObject = {"plan": plan, "mode": RunMode.VALIDATE.value}
        request |= {"entities": entity} if entity else {}
        request |= {"options": {"sample": sample}} if sample is not None else {}
        run_id = RunStatus.parse(api.start_run(request).body).run_id
        output.say(f"run {run_id} started")
        watched(api, run_id, output)
    answer = api.proof(run_id)
    proof = as_map(answer.body)
    if as_json:
        output.json(answer.raw)
    else:
        output.show(proof_view(proof))
    if proof.get("passed") is not True:
        raise typer.Exit(ExitCode.FAILED)
