"""The import gateway as a ``Target`` (contract 1.x)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import orjson

from connectors.import_gateway.address import GatewayAddress
from connectors.import_gateway.capabilities import rates, read_capabilities
from connectors.import_gateway.checks import check
from connectors.import_gateway.media import MediaWriter
from connectors.import_gateway.methods import CAPABILITIES, COUNT, MEDIA, READ, WRITE_METHODS, idempotency_key
from connectors.import_gateway.receipts import read_receipts, unexpected
from connectors.import_gateway.refusals import BatchTooLarge, classify
from shared.http.client import HttpClient
from shared.http.redaction import register_secret
from shared.model.json import Json, JsonObject
from shared.model.records import Capabilities, OutgoingItem, Receipt
from shared.ports.stores import MediaStore
from shared.ports.systems import Budget, Check

_IDS_PER_READ = 100


class RatedBudget(Budget, Protocol):
    """A budget that takes its limits from the gateway's own description."""

    def learn(self, per_minute: Mapping[str, int]) -> None:
        """Calls per minute, by method."""


@dataclass(slots=True)
class ImportGateway:
    """Talks to one gateway as one user; files come from ``files``. Neither errors nor reprs carry the import code.

    Errors: RetryLater (out, or an answer that breaks the contract: the same keys have to be sent again), SlowDown
    (rate reached), RunStopped (the gateway refuses us or our calls).
    """

    address: GatewayAddress
    client: HttpClient
    budget: RatedBudget
    files: MediaStore
    _most: int | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Make sure that no sink ever shows the import code."""
        register_secret(self.address.code)

    async def capabilities(self) -> Capabilities:
        """Ask the gateway for its description, and keep to its rates from then on."""
        answer = await self._call(CAPABILITIES, {})
        capabilities = read_capabilities(answer)
        self.budget.learn(rates(answer))
        self._most = capabilities.max_media_bytes
        return capabilities

    def key(self, entity: str, source_id: str, checksum: str) -> str:
        """The idempotency key of one version of a record. Raises KeyError for an entity the contract does not know."""
        return idempotency_key(entity, source_id, checksum)

    async def write(
        self, entity: str, run_id: str, batch_id: str, items: Sequence[OutgoingItem]
    ) -> tuple[Receipt, ...]:
        """Write ``items``; a receipt for each, in their order. Source ids must differ.

        A call that is too large goes in halves; a record that is too large by itself is answered as ``VALIDATION``.
        Files go one by one (see ``MediaWriter``).
        """
        if entity == MEDIA.entity:
            media = MediaWriter(self.address, self.client, self.budget, self.files, self._most)
            return tuple([await media.write(run_id, item) for item in items])
        body = {"run_id": run_id, "batch_id": batch_id, "items": [_item(item) for item in items]}
        try:
            answer = await self._call(WRITE_METHODS[entity].method, body)
        except BatchTooLarge as error:
            if len(items) == 1:
                return (Receipt(items[0].source_id, "failed", code="VALIDATION", reason=error.message),)
            half = len(items) // 2
            first = await self.write(entity, run_id, f"{batch_id}-a", items[:half])
            return (*first, *await self.write(entity, run_id, f"{batch_id}-b", items[half:]))
        return read_receipts(answer, items)

    async def count(self, entity: str) -> tuple[int, int]:
        """(records made by import, others)."""
        answer = await self._call(COUNT, {"entity": entity})
        match answer:
            case {"count": int(ours), "foreign": int(foreign)}:
                return ours, foreign
        raise unexpected("no counts")

    async def read(self, entity: str, source_ids: Sequence[str]) -> dict[str, JsonObject]:
        """``{source_id: {"target_id", "checksum", "data"}}`` for the ids the gateway knows."""
        found: dict[str, JsonObject] = {}
        for start in range(0, len(source_ids), _IDS_PER_READ):
            ids = list(source_ids[start : start + _IDS_PER_READ])
            answer = await self._call(READ, {"entity": entity, "source_ids": ids})
            items = answer.get("items") if isinstance(answer, dict) else None
            if not isinstance(items, list):
                raise unexpected("no items")
            for item in items:
                match item:
                    case {"source_id": str(source_id), "target_id": str(), "checksum": str(), "data": dict()}:
                        found[source_id] = {name: item[name] for name in ("target_id", "checksum", "data")}
                    case _:
                        raise unexpected("an item lacks what it must have")
        return found

    async def checks(self) -> list[Check]:
        """Transport, reachability and contract, enabled methods, reading back."""
        return await check(self.address, self.capabilities, self.count)

    async def _call(self, method: str, body: JsonObject) -> Json:
        answer = await self.client.post(
            self.address.url(method), orjson.dumps(body), method=method, classify=classify, budget=self.budget
        )
        return orjson.loads(answer.body)


def _item(item: OutgoingItem) -> JsonObject:
    return {
        "source_id": item.source_id,
        "idempotency_key": item.idempotency_key,
        "checksum": item.checksum,
        "data": item.data,
    }
