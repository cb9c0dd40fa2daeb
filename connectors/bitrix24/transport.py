"""Calls to one portal by one webhook (or OAuth token): POST and JSON, read methods only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import orjson

from connectors.bitrix24.errors import classify_body, classify_page
from connectors.bitrix24.methods import require_read
from connectors.bitrix24.query import encode
from shared.http.client import Answer, HttpClient
from shared.http.redaction import register_secret
from shared.model.errors import PortageError, RunStopped
from shared.model.json import Json, JsonObject, as_map
from shared.ports.systems import Budget

BATCH = "batch"
MOST_COMMANDS = 50

Command = tuple[str, JsonObject]
"""(method, parameters)."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Access:
    """Where a portal is and what opens it. ``portal`` may be shown, the rest is secret."""

    portal: str
    base: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    @staticmethod
    def webhook(url: str) -> "Access":
        """From an incoming webhook ``https://portal/rest/{user}/{secret}/``. Raises ValueError without quoting it."""
        form = "a webhook URL must have the form https://portal/rest/{user id}/{secret}/"
        parts = urlsplit(url.strip())
        path = [part for part in parts.path.split("/") if part]
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or len(path) != 3 or path[0] != "rest":
            raise ValueError(form)
        if not path[1].isdigit():
            raise ValueError(form)
        register_secret(path[2])
        return Access(_portal(url), f"{parts.scheme}://{parts.netloc}/rest/{path[1]}/{path[2]}/")

    @staticmethod
    def oauth(portal_url: str, token: str) -> "Access":
        """From the portal's address and an access token."""
        parts = urlsplit(portal_url.strip())
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError("the portal's address must have the form https://portal")
        register_secret(token)
        return Access(_portal(portal_url), f"{parts.scheme}://{parts.netloc}/rest/", token)


def _portal(url: str) -> str:
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").lower()
    return host if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{parts.port}"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One successful answer. ``raw`` is the body as it came, ``seconds`` how long it took."""

    result: Json
    total: int | None
    next: int | None
    raw: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """One answered ``batch``: every command is in ``results`` or in ``errors``, or was not reached."""

    results: dict[str, Json]
    errors: dict[str, PortageError]
    totals: dict[str, Json]
    raw: bytes
    seconds: float


@dataclass(slots=True)
class Transport:
    """Raises what ``connectors.bitrix24.errors`` finds, and RunStopped for a method that is not for reading."""

    access: Access
    http: HttpClient
    budget: Budget

    async def call(self, method: str, parameters: JsonObject) -> Envelope:
        """One method."""
        return self._envelope(await self._post(self._allowed(method), parameters))

    async def batch(self, commands: Mapping[str, Command]) -> BatchAnswer:
        """Up to 50 methods in one request, in order; keys must not be numbers (API facts §3.4)."""
        if not 0 < len(commands) <= MOST_COMMANDS:
            raise ValueError(f"a batch has 1 to {MOST_COMMANDS} commands")
        lines = {key: f"{self._allowed(method)}?{encode(params)}" for key, (method, params) in commands.items()}
        answer = await self._post(BATCH, {"halt": 0, "cmd": lines})
        return read_batch(answer.body, answer.seconds)

    def _allowed(self, method: str) -> str:
        try:
            return require_read(method)
        except RunStopped as error:
            self.http.tally(method, error.reason.code)
            raise

    async def _post(self, method: str, parameters: JsonObject) -> Answer:
        body = parameters if self.access.token is None else {**parameters, "auth": self.access.token}
        return await self.http.post(
            f"{self.access.base}{method}",
            orjson.dumps(body),
            method=method,
            classify=classify,
            budget=self.budget,
        )

    @staticmethod
    def _envelope(answer: Answer) -> Envelope:
        body = orjson.loads(answer.body)
        return Envelope(
            body["result"], _number(body.get("total")), _number(body.get("next")), answer.body, answer.seconds
        )


def classify(answer: Answer) -> PortageError | None:
    """What an HTTP answer means."""
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return classify_page(answer.status)
    return classify_body(body, answer.status)


def read_batch(body: bytes, seconds: float = 0.0) -> BatchAnswer:
    """Decode the body of a ``batch`` answer; empty sections are ``[]``."""
    outer = as_map(orjson.loads(body)["result"])
    failed = as_map(outer.get("result_error"))
    errors = {key: classify_body(error, 200) for key, error in failed.items()}
    return BatchAnswer(
        results=as_map(outer.get("result")),
        errors={key: error for key, error in errors.items() if error is not None},
        totals=as_map(outer.get("result_total")),
        raw=body,
        seconds=seconds,
    )


def _number(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
