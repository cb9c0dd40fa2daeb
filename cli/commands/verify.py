"""``portage verify``."""

from collections.abc import Iterator
from typing import Annotated

import orjson
import typer

from cli.api import Api
from cli.arguments import AsJson, named, open_api
from cli.exits import ExitCode
from cli.following import watched
from cli.output import Output
from cli.run_status import RunStatus
from cli.views.proof import finding_line, proof_view
from shared.model.json import JsonObject, as_list, as_map
from shared.model.run import RunMode

_AS_THAT_RUN = ("private_chats", "private_posts", "task_files", "sample")
"""Options by which a repair reads and looks at what the proof was about."""


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
    findings: Annotated[
        bool, typer.Option("--findings", help="List all that was found; with --json one finding to a line.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="Have a full run send again what the proof of this run found wrong, and prove it."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show whether the target has what the source has: figures, what differs, gates. Only --repair writes there.

    With RUN_ID it is what that run found at its end. With --plan a new run reads both sides, and is followed.
    Exit code 0 only if every gate is passed; of --findings, when all are listed.
    """
    if (run_id is None) == (plan is None):
        raise typer.BadParameter("give the id of a run, or --plan to compare anew", param_hint="RUN_ID")
    if run_id is not None and (sample is not None or (entity and not findings)):
        raise typer.BadParameter("--entity and --sample go with --plan", param_hint="RUN_ID")
    if (findings or repair) and (run_id is None or (findings and repair)):
        raise typer.BadParameter("goes with RUN_ID, and alone", param_hint="--findings" if findings else "--repair")
    api, output = open_api(context), Output(as_json=as_json)
    if findings and run_id is not None:
        _list(api, run_id, entity or [None], output)
        return
    if run_id is None:
        request: JsonObject = {"plan": plan, "mode": RunMode.VALIDATE.value}
        request |= {"entities": entity} if entity else {}
        request |= {"options": {"sample": sample}} if sample is not None else {}
        run_id = _run(api, request, output)
    elif repair:
        run_id = _run(api, _repairing(as_map(api.run(run_id).body)), output)
    _show(api, run_id, output)


def _list(api: Api, run_id: str, entities: list[str] | list[None], output: Output) -> None:
    for name in entities:
        for finding in _findings(api, run_id, name):
            if output.as_json:
                output.json(orjson.dumps(finding))
            else:
                output.say(finding_line(str(finding.get("entity")), finding))


def _findings(api: Api, run_id: str, entity: str | None) -> Iterator[JsonObject]:
    """All of them, a page in memory at a time."""
    after: str | None = None
    while True:
        page = as_map(api.findings(run_id, entity=entity, after=after).body)
        yield from map(as_map, as_list(page.get("items")))
        after = page["next"] if isinstance(page.get("next"), str) else None
        if after is None:
            return


def _repairing(run: JsonObject) -> JsonObject:
    """A full run over all that ``run`` was about, which sees what it saw."""
    options = as_map(run.get("options"))
    return {
        "plan": run.get("plan"),
        "mode": RunMode.FULL.value,
        "entities": list(as_map(run.get("entities"))),
        "options": {**{name: options[name] for name in _AS_THAT_RUN if name in options}, "repair": True},
    }


def _run(api: Api, request: JsonObject, output: Output) -> str:
    run_id = RunStatus.parse(api.start_run(request).body).run_id
    output.say(f"run {run_id} started")
    watched(api, run_id, output)
    return run_id


def _show(api: Api, run_id: str, output: Output) -> None:
    answer = api.proof(run_id)
    proof = as_map(answer.body)
    if output.as_json:
        output.json(answer.raw)
    else:
        output.show(proof_view(proof))
    if proof.get("passed") is not True:
        raise typer.Exit(ExitCode.FAILED)
