"""Calls to one portal by one webhook or access token: POST and JSON, read methods only."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import orjson

from connectors.bitrix24.batch import BatchAnswer, read_batch
from connectors.bitrix24.dates import with_offsets
from connectors.bitrix24.errors import classify_body, classify_page
from connectors.bitrix24.methods import require_read, shown
from connectors.bitrix24.operating import Operating, read_operating
from connectors.bitrix24.query import encode
from connectors.bitrix24.spending import Spending
from shared.http.client import Answer, HttpClient
from shared.http.redaction import register_secret
from shared.http.renewing import Renewable, never
from shared.model.errors import EntityStopped, PortageError, RunStopped, SlowDown
from shared.model.json import Json, JsonObject, as_map
from shared.ports.systems import Budget

BATCH = "batch"
MOST_COMMANDS = 50

Command = tuple[str, JsonObject]
"""(method, parameters)."""

_REFUSED = ("source.unauthorised", "source.denied")
"""Portals call a webhook that is gone either; one that merely may not is refused again (API facts §1.4)."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Access:
    """Where a portal is and what opens it. ``portal`` may be shown, the rest is secret."""

    portal: str
    base: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    user: str | None = None
    """Whose webhook it is; None for an application's token."""

    @staticmethod
    def of(url: str) -> "Access":
        """From the URL of an incoming webhook, ``https://portal/rest/{user}/{secret}/``, or that of an application,
        ``https://portal/rest/?auth={access token}`` (API facts §1.1). Raises ValueError without quoting it.
        """
        parts = urlsplit(url.strip())
        path = [part for part in parts.path.split("/") if part]
        token = parse_qs(parts.query).get("auth", [""])[0] if path == ["rest"] else ""
        webhook = len(path) == 3 and path[0] == "rest" and path[1].isdigit()
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or not (webhook or token):
            raise ValueError(
                "a webhook URL must have the form https://portal/rest/{user id}/{secret}/, "
                "that of an application https://portal/rest/?auth={access token}"
            )
        register_secret(token or path[2])
        root = f"{parts.scheme}://{parts.netloc}/rest/"
        if token:
            return Access(_portal(url), root, token)
        return Access(_portal(url), f"{root}{path[1]}/{path[2]}/", user=str(int(path[1])))

    def successor(self, urls: Sequence[str]) -> "Access":
        """The one of the same user (or the application's) among ``urls``, with another secret; else this one again."""
        try:
            others = [Access.of(url) for url in urls]
        except ValueError:
            return self
        same = [one for one in others if (one.portal, one.user) == (self.portal, self.user)]
        return self if not same or self in same else same[0]


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
    operating: Operating | None
    raw: bytes
    seconds: float


@dataclass(slots=True)
class Transport:
    """Raises what ``connectors.bitrix24.errors`` finds, and RunStopped for a method that is not for reading.

    The budget hears of every method that the portal refuses for its ``operating`` seconds, or soon would.
    """

    access: Access
    http: HttpClient
    budget: Budget
    spending: Spending = field(default_factory=Spending)
    successor: Callable[[Access], Awaitable[Access | None]] = never
    _opened: Renewable[Access] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """``access`` is the first of those that open the portal."""
        self._opened = Renewable(self.access, self.successor)

    async def call(self, method: str, parameters: JsonObject) -> Envelope:
        """One method."""
        name = self._allowed(method)
        with await self.spending.lend({name: name}):
            envelope = read_envelope(await self._post(name, parameters, name))
        await self._hear(name, envelope.operating, 1)
        return envelope

    def room(self, method: str) -> int:
        """How many commands of ``method`` the portal's seconds allow now, up to a batch."""
        return int(min(MOST_COMMANDS, self.spending.room(method)))

    async def batch(self, commands: Mapping[str, Command], least: int | None = None) -> BatchAnswer:
        """Up to 50 methods in one request, in order; keys must not be numbers (API facts §3.4).

        With ``least`` as many of the first commands are sent as the seconds of their methods allow, and no fewer than
        that; of the others the answer says nothing. The request is counted as a ``batch``, and what was in it under
        the name of each method.
        """
        if not 0 < len(commands) <= MOST_COMMANDS:
            raise ValueError(f"a batch has 1 to {MOST_COMMANDS} commands")
        methods = {key: self._allowed(method) for key, (method, _) in commands.items()}
        with await self.spending.lend(methods, least) as loan:
            methods = {key: methods[key] for key in loan.keys}
            answer = await self._post_batch({key: commands[key][1] for key in loan.keys}, methods)
        for key, method in methods.items():
            self.http.tally(method, answer.errors[key].reason.code if key in answer.errors else "ok")
        refused = {methods[key]: error for key, error in answer.errors.items() if isinstance(error, SlowDown)}
        for method, number in Counter(methods.values()).items():
            await self._hear(method, answer.operating.get(method), number)
        for method, refusal in refused.items():
            if refusal.reason.code == "source.operating_limit":
                self.spending.refuse(method)
            await self.budget.throttled(method, refusal.retry_after)
        return answer

    async def _post_batch(self, parameters: Mapping[str, JsonObject], methods: Mapping[str, str]) -> BatchAnswer:
        lines = {key: f"{methods[key]}?{encode(given)}" for key, given in parameters.items()}
        names = set(methods.values())
        payer = BATCH if len(names) > 1 else next(iter(names))
        if payer == BATCH:
            for name in sorted(names):
                await self.budget.acquire(name, 0)  # a method that rests does so inside a batch too
        posted = await self._post(BATCH, {"halt": 0, "cmd": lines}, payer)
        return read_batch(posted.body, methods, posted.seconds, _decoded(posted))

    async def _hear(self, method: str, operating: Operating | None, commands: int) -> None:
        """Ask for a pause before the portal has to refuse the method."""
        rest = self.spending.hear(method, operating, commands)
        if rest is not None:
            await self.budget.throttled(method, rest)

    def _allowed(self, method: str) -> str:
        try:
            return require_read(method)
        except RunStopped as error:
            self.http.tally(shown(method), error.reason.code)
            raise

    async def _post(self, method: str, parameters: JsonObject, payer: str) -> Answer:
        """``payer`` is the method whose budget the call draws on: a batch of one method rests when that method does."""

        async def call(access: Access) -> Answer:
            body = parameters if access.token is None else {**parameters, "auth": access.token}
            return await self.http.post(
                f"{access.base}{method}",
                orjson.dumps(body),
                method=method,
                classify=classify,
                budget=self.budget,
                payer=payer,
            )

        try:
            return await self._opened.use(call, _REFUSED)
        except RunStopped as error:
            if self.access.user is not None:
                error.message = f"webhook of user {self.access.user}: {error.message}"
            raise
        except EntityStopped as error:
            error.message = f"{method}: {error.message}"
            raise


def classify(answer: Answer) -> PortageError | None:
    """What an HTTP answer means."""
    try:
        body = answer.decoded
    except orjson.JSONDecodeError:
        return classify_page(answer.status)
    return classify_body(body, answer.status)


def read_envelope(answer: Answer) -> Envelope:
    """Decode an answer that ``classify`` found good."""
    body = as_map(_decoded(answer))
    return Envelope(
        result=body["result"],
        total=_number(body.get("total")),
        next=_number(body.get("next")),
        operating=read_operating(body.get("time")),
        raw=answer.body,
        seconds=answer.seconds,
    )


def _decoded(answer: Answer) -> Json:
    """The body with its dates made plain."""
    body = with_offsets(answer.body)
    return answer.decoded if body is answer.body else orjson.loads(body)


def _number(value: Json) -> int | None:
    return int(value) if re.fullmatch(r"-?\d+", str(value)) else None
