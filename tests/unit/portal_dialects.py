"""A simulated portal in the test's own process whose answers are written in other ways the API allows itself."""

import random
from collections.abc import Callable
from typing import Any

import httpx
import orjson

from connectors.bitrix24.portal import Bitrix24Source
from connectors.bitrix24.transport import Access, Transport, classify
from connectors.bitrix24.webhooks import Webhooks
from lab.simulators.bitrix24.app import build
from lab.simulators.bitrix24.connections import Connections
from lab.simulators.bitrix24.options import parse
from lab.simulators.bitrix24.portal import Portal
from shared.http.client import Answer, HttpClient
from shared.model.json import Json, JsonObject
from tests.unit.bitrix24_stand_in import OpenBudget, fetcher

Dialect = Callable[[Json], Json]
"""The body of a decoded answer → the same in other words."""

SECTIONS = ("result_error", "result_total", "result_next", "result_time")
NOTHING: tuple[Json, ...] = (None, "", False, [], {})


class Spoken(Transport):
    """The transport before a portal in this process, with a dialect in between."""

    __slots__ = ("client", "dialect")
    client: httpx.AsyncClient
    dialect: Dialect

    async def _post(self, method: str, parameters: JsonObject, _payer: str) -> Answer:
        heard = await self.client.post(f"{self.access.base}{method}", json=parameters)
        answer = Answer(heard.status_code, {}, orjson.dumps(self.dialect(heard.json())), 0.01)
        if (error := classify(answer)) is not None:
            raise error
        return answer


def portal_of(*options: str) -> Portal:
    """Without limits; see ``lab/simulators/README.md`` for the options."""
    return Portal(parse(["--webhook", "1:secret", "--rate", "0", "--operating-limit", "0", *options]))


def speaking(portal: Portal, dialect: Dialect) -> Bitrix24Source:
    """A source that reads the portal through the webhook of user 1."""
    client = HttpClient("source", lambda _method, _verdict: None)
    transport = Spoken(Access.of("https://portal.example/rest/1/secret/"), client, OpenBudget())
    transport.client = httpx.AsyncClient(transport=httpx.ASGITransport(build(portal, Connections())))
    transport.dialect = dialect
    return Bitrix24Source("portal.example", Webhooks([transport]), fetcher())


def plain(body: Json) -> Json:
    """As the simulator says it."""
    return body


def on_a_box(body: JsonObject) -> JsonObject:
    """No account of time, and no counts (API facts §2.5, §3.2)."""
    shown = {name: value for name, value in body.items() if name not in ("time", "total")}
    return _each(shown, lambda result: result, left_out=("result_time", "result_total"))


def without_counts(body: JsonObject) -> JsonObject:
    """Counts that say nothing, sections and results without anything in them as ``[]``."""
    return _each(body | ({"total": -1} if "total" in body else {}), _without_empty_wrapper, left_out=("result_total",))


def with_objects(body: JsonObject) -> JsonObject:
    """Lists of rows with holes are objects with numbers for keys (API facts §9.1.4)."""
    return _each(body, lambda result: _holes(result) if isinstance(result, list) else _map(result, _holes))


def with_numbers(body: JsonObject) -> JsonObject:
    """Ids and counts as numbers where they were texts, and the other way round (API facts §9.1.1)."""
    return _each(body, lambda result: _deep(result, _other_type))


def with_other_nothings(body: JsonObject) -> JsonObject:
    """Every nothing inside a row is another one (API facts §9.1.7)."""
    chance = random.Random(7)

    def other(_name: str, value: Json) -> Json:
        return chance.choice(NOTHING) if any(value is one or value == one for one in NOTHING) and value != 0 else value

    return _each(body, lambda result: _rows(result, lambda row: _deep(row, other)))


def _each(body: JsonObject, change: Callable[[Json], Json], left_out: tuple[str, ...] = ()) -> JsonObject:
    """``change`` the result of a call, or of each command of a batch."""
    outer = body.get("result")
    if not isinstance(outer, dict) or "result_error" not in outer:
        return {**body, "result": change(outer)} if "result" in body else body
    results = {key: change(result) for key, result in _object(outer["result"]).items()}
    return {**body, "result": {**{name: outer[name] for name in SECTIONS if name not in left_out}, "result": results}}


def _object(section: Json) -> JsonObject:
    return section if isinstance(section, dict) else {}


def _without_empty_wrapper(result: Json) -> Json:
    """An object of nothing but empty lists is an empty array."""
    return [] if isinstance(result, dict) and result and not any(result.values()) else result


def _map(result: Json, change: Callable[[Json], Json]) -> Json:
    if not isinstance(result, dict):
        return result
    return {name: change(value) if isinstance(value, list) else value for name, value in result.items()}


def _holes(rows: list[Json]) -> Json:
    if not rows or not all(isinstance(row, dict) for row in rows):
        return rows
    return {str(place * 2): row for place, row in enumerate(rows)}


def _rows(result: Json, change: Callable[[Json], Json]) -> Json:
    if isinstance(result, list):
        return [change(row) if isinstance(row, dict) else row for row in result]
    return _map(result, lambda rows: _rows(rows, change))


def _deep(value: Json, change: Callable[[str, Json], Json], name: str = "") -> Json:
    if isinstance(value, dict) and value:
        return {key: _deep(inner, change, key) for key, inner in value.items()}
    if isinstance(value, list) and value:
        return [_deep(inner, change, name) for inner in value]
    return change(name, value)


def _other_type(name: str, value: Any) -> Any:
    if not name.lower().endswith("id") or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value)
    return int(value) if isinstance(value, str) and value.isdecimal() else value
