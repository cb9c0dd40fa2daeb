"""Client of the HTTP API: one method per endpoint, answers as they came, errors as failures."""

import getpass
import json
import time
import uuid
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import quote

import httpx

from cli.connection import Connection
from cli.failures import Failure, Refused, Unauthorised, Unreachable
from shared.model.json import Json, JsonObject

Action = Literal["pause", "resume", "cancel"]

_UNAUTHORISED = 401
_PAUSES = (0.5, 2.0)
"""Seconds between requests of one name."""

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 60.0
_POLL_SECONDS = 10.0
_JSON, _PAGE = "application/json", "text/html"
_NAMES = {_JSON: "JSON", _PAGE: "page"}
_PREVIEW_SECONDS = 230.0
"""As long as the platform lets an HTTP request take."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: HTTP status, decoded JSON, and the very bytes; ``following`` is the URL of the next page."""

    status: int
    body: Json
    raw: bytes
    following: str | None = None


class Api:
    """The API at one place. Every method raises Refused, Unauthorised or Unreachable."""

    def __init__(self, connection: Connection) -> None:
        """Opens no connection yet."""
        self.connection = connection
        key = {"x-functions-key": connection.key.value} if connection.key else {}
        signed_in = {"Authorization": f"Bearer {connection.token.value}"} if connection.token else {}
        self._client = httpx.Client(
            base_url=connection.url.value,
            headers={**key, **signed_in, **_actor()},
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            # A proxy of the environment leads away from this machine.
            trust_env=not _is_loopback(connection.url.value),
        )

    def close(self) -> None:
        """Give the sockets back."""
        self._client.close()

    def start_run(self, request: JsonObject) -> Answer:
        """POST /api/runs → 202 {"run_id", "status_url"}, or 200 when the run began though its answer was lost."""
        name = {"Idempotency-Key": uuid.uuid4().hex}
        in_doubt = False
        for pause in _PAUSES:
            try:
                return self._call("POST", "/api/runs", content=request, headers=name)
            except Failure as failure:
                in_doubt = in_doubt or failure.in_doubt
                if not (in_doubt and failure.temporary):
                    raise
            time.sleep(pause)
        return self._call("POST", "/api/runs", content=request, headers=name)

    def runs(
        self, *, plan: str | None = None, state: str | None = None, limit: int | None = None, after: str | None = None
    ) -> Answer:
        """GET /api/runs: up to ``limit`` of them behind ``after``, newest first."""
        wanted = {"plan": plan, "state": state, "limit": None if limit is None else str(limit), "after": after}
        return self._call("GET", "/api/runs", query={name: value for name, value in wanted.items() if value})

    def run(self, run_id: str) -> Answer:
        """GET /api/runs/{run_id}: the status of one run. No answer soon is Unreachable, since watchers wait for it."""
        return self._call("GET", f"/api/runs/{quote(run_id, safe='')}", seconds=_POLL_SECONDS)

    def act(self, run_id: str, action: Action, request: JsonObject | None = None) -> Answer:
        """POST /api/runs/{run_id}/{action}."""
        return self._call("POST", f"/api/runs/{quote(run_id, safe='')}/{action}", content=request)

    def rollback(self, run_id: str, entities: list[str], token: str | None = None) -> Answer:
        """POST /api/runs/{run_id}/rollback: what it takes and a token; with that token it begins (202)."""
        request: JsonObject = {"entities": entities} if entities else {}
        if token is not None:
            request["token"] = token
        path = f"/api/runs/{quote(run_id, safe='')}/rollback"
        return self._call("POST", path, content=request, changes=token is not None)

    def rolled_back(self, run_id: str, *, after: str | None = None) -> Answer:
        """GET /api/runs/{run_id}/rollback → {"entities", "items", "next"}: what the last rollback left."""
        query = {"after": after} if after else {}
        return self._call("GET", f"/api/runs/{quote(run_id, safe='')}/rollback", query={**query, "limit": "1000"})

    def dead_letters(self, run_id: str, *, limit: int | None = None, after: str | None = None) -> Answer:
        """GET /api/dead-letters → {"items", "next"}: up to ``limit`` of them behind ``after``."""
        wanted = {"run_id": run_id, "limit": None if limit is None else str(limit), "after": after}
        return self._call("GET", "/api/dead-letters", query={name: value for name, value in wanted.items() if value})

    def causes(self, run_id: str) -> Answer:
        """GET /api/dead-letters/causes: what the dead letters have in common, the most frequent first.

        No answer soon is Unreachable, since it comes with a status.
        """
        return self._call("GET", "/api/dead-letters/causes", query={"run_id": run_id}, seconds=_POLL_SECONDS)

    def requeue(self, request: JsonObject) -> Answer:
        """POST /api/dead-letters/requeue → {"requeued", "waiting", "runs", "status_url", "unknown"}."""
        return self._call("POST", "/api/dead-letters/requeue", content=request)

    def flaws(self, run_id: str, **wanted: str | None) -> Answer:
        """GET /api/runs/{run_id}/flaws → {"items", "next"}; ``entity``, ``kind``, ``limit``, ``after`` narrow it."""
        query = {name: value for name, value in wanted.items() if value}
        return self._call("GET", f"/api/runs/{quote(run_id, safe='')}/flaws", query=query)

    def proof(self, run_id: str) -> Answer:
        """GET /api/runs/{run_id}/proof: figures, verdict and findings of each entity, and the gates."""
        return self._call("GET", f"/api/runs/{quote(run_id, safe='')}/proof")

    def findings(self, run_id: str, *, entity: str | None = None, after: str | None = None) -> Answer:
        """GET /api/runs/{run_id}/proof/findings → {"items", "next"}: a thousand of all that the proof found."""
        query = {name: value for name, value in {"entity": entity, "after": after}.items() if value}
        path = f"/api/runs/{quote(run_id, safe='')}/proof/findings"
        return self._call("GET", path, query={**query, "limit": "1000"})

    def explain(self, plan: str, entity: str, source_id: str, within: str | None = None) -> Answer:
        """GET /api/records/{plan}/{entity}/{source_id}: the life of one record."""
        path = "/".join(quote(part, safe="") for part in (plan, entity, source_id))
        return self._call("GET", f"/api/records/{path}", query={"within": within} if within else {})

    def report(self, run_id: str, *, as_page: bool) -> Answer:
        """GET /api/runs/{run_id}/report, as JSON, or as a page of HTML, whose body is None."""
        return self._call("GET", f"/api/runs/{quote(run_id, safe='')}/report", accept=_PAGE if as_page else _JSON)

    def plans(self) -> Answer:
        """GET /api/plans."""
        return self._call("GET", "/api/plans")

    def preview(self, plan: str, request: JsonObject) -> Answer:
        """POST /api/plans/{plan}/preview: what a run would do. It asks the portal, and may wait for its turn."""
        path = f"/api/plans/{quote(plan, safe='')}/preview"
        return self._call("POST", path, content=request, seconds=_PREVIEW_SECONDS, changes=False)

    def cutover(self, plan: str, request: JsonObject | None = None) -> Answer:
        """GET /api/plans/{plan}/cutover: state, sheet and checklist; POST with ``request``: the same after it."""
        path = f"/api/plans/{quote(plan, safe='')}/cutover"
        return self._call("GET", path) if request is None else self._call("POST", path, content=request)

    def doctor(self) -> Answer:
        """GET /api/doctor → {"settings": [{name, value, source}], "checks": [{name, ok, severity, detail, fix}]}."""
        return self._call("GET", "/api/doctor")

    def _call(
        self,
        method: str,
        path: str,
        *,
        content: JsonObject | None = None,
        query: dict[str, str] | None = None,
        seconds: float = _ANSWER_SECONDS,
        changes: bool | None = None,
        accept: str = _JSON,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """``changes`` says whether the request may change something; without it, a POST may."""
        timeout = httpx.Timeout(seconds, connect=_CONNECT_SECONDS)
        try:
            response = self._client.request(
                method, path, json=content, params=query, timeout=timeout, headers={"accept": accept, **(headers or {})}
            )
        except httpx.RequestError as error:
            raise self._unreachable(error, changes=method == "POST" if changes is None else changes) from None
        body = _decode(response.content)
        if response.status_code == _UNAUTHORISED:
            raise self._unauthorised()
        if response.is_error:
            raise Refused(response.status_code, body)
        is_page = accept == _PAGE and response.headers.get("content-type", "").startswith(_PAGE)
        if not response.is_success or (body is None and not is_page):
            url = self.connection.url
            raise Unreachable(
                f"{url.value} is not the Portage API: HTTP {response.status_code} "
                f"without the {_NAMES[accept]} it would send",
                hint=f"the address comes from {url.source}",
            )
        return Answer(response.status_code, body, response.content, response.links.get("next", {}).get("url"))

    def _unreachable(self, error: httpx.RequestError, *, changes: bool) -> Unreachable:
        url = self.connection.url
        sent = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol)
        if changes and sent:
            hint = "the request may have been carried out; look with: portage status --all"
        else:
            hint = f"start it with make serve, or give its address with --url or PORTAGE_URL (this one: {url.source})"
        reason = str(error) or type(error).__name__
        failure = Unreachable(f"no answer from the API at {url.value}: {reason}", hint=hint)
        failure.in_doubt = sent
        return failure

    def _unauthorised(self) -> Unauthorised:
        key = self.connection.key
        where = "--key-file, PORTAGE_FUNCTION_KEY, or the file function-key in PORTAGE_DATA_DIR"
        if key is None:
            return Unauthorised("the API wants a function key and none was found", hint=f"looked for {where}")
        if self.connection.token is not None:
            where = f"{where}; or the token from {self.connection.token.source} has expired"
        return Unauthorised(f"the API did not accept the function key from {key.source}", hint=f"others: {where}")


def _decode(content: bytes) -> Json:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _actor() -> dict[str, str]:
    """Who says to be acting: a note for those who look at a run later, not evidence."""
    try:
        return {"x-portage-actor": quote(getpass.getuser())}
    except (KeyError, OSError):  # a container may run under a number that has no name
        return {}


def _is_loopback(url: str) -> bool:
    host = httpx.URL(url).host
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
