"""``portage doctor``."""

import json

import typer

from cli.api import Api
from cli.arguments import AsJson, open_api
from cli.exits import ExitCode
from cli.failures import Failure
from cli.output import Output
from cli.views.doctor import Check, doctor_view
from shared.model.json import Json, JsonObject, as_list, as_map


def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Check settings and connections.

    Exit code 1 if anything is wrong, an API that does not answer included.
    """
    api = open_api(context)
    output = Output(as_json=as_json)
    body: JsonObject = {"settings": [], "checks": []}
    try:
        answer = api.doctor()
    except Failure as failure:
        own = Check("api", ok=False, detail=failure.message, fix=failure.hint or "")
        raw = json.dumps({**body, "checks": [own.as_json()]}).encode()
    else:
        own = Check("api", ok=True, detail="reachable, and the function key is accepted")
        body, raw = as_map(answer.body), answer.raw
    checks = [own, *(Check.parse(item) for item in as_list(body.get("checks")))]
    if as_json:
        output.json(raw)
    else:
        output.show(doctor_view([*_own_settings(api), *as_list(body.get("settings"))], checks))
    if not all(check.ok for check in checks):
        raise typer.Exit(ExitCode.FAILED)


def _own_settings(api: Api) -> list[Json]:
    """Where this command looks for the API, in the API's shape; of the key only whether there is one."""
    url, key = api.connection.url, api.connection.key
    return [
        {"name": "API", "value": url.value, "source": url.source},
        {"name": "function key", "value": "set" if key else None, "source": key.source if key else ""},
    ]
