"""The import gateway as a ``Target`` (contract 1.x)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO, Protocol

import orjson

from connectors.import_gateway.address import GatewayAddress
from connectors.import_gateway.batch_sizes import BatchSize
from connectors.import_gateway.bisecting import Bisection
from connectors.import_gateway.capabilities import rates, read_capabilities
from connectors.import_gateway.checks import check
from connectors.import_gateway.deleting import delete
from connectors.import_gateway.line import Line
from connectors.import_gateway.media import MediaWriter
from connectors.import_gateway.methods import CAPABILITIES, MEDIA, WRITE_METHODS, idempotency_key
from connectors.import_gateway.reading import ReadBack
from connectors.import_gateway.receipts import read_receipts
from connectors.import_gateway.refusals import BatchTooLarge, classify
from connectors.import_gateway.schema import check_schema
from connectors.import_gateway.undoing import undo
from shared.http.client import Answer, HttpClient
from shared.http.renewing import Renewable, never
from shared.model.errors import PortageError, RetryLater
from shared.model.idmap import IdMapEntry
from shared.model.json import Json, JsonObject
from shared.model.records import Capabilities, Listing, OutgoingItem, Receipt, SchemaNeeds, UndonePage, UndoPhase
from shared.ports.stores import MediaStore
from shared.ports.systems import Budget, Check

_BROKEN = 500
"""The first HTTP status that says that the other side, not the call, is at fault."""


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
    successor: Callable[[GatewayAddress], Awaitable[GatewayAddress | None]] = never
    _line: Line = field(init=False, repr=False)
    _back: ReadBack = field(init=False, repr=False)
    _known: Capabilities | None = field(default=None, init=False, repr=False)
    _sizes: dict[str, BatchSize] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """The code of ``address`` is the first of those that open the gateway."""
        self._line = Line(Renewable(self.address, self.successor), self.client, self.budget)
        self._back = ReadBack(self._line)

    async def capabilities(self) -> Capabilities:
        """Ask the gateway for its description, and keep to its rates from then on."""
        answer = await self._call(CAPABILITIES, {})
        capabilities = read_capabilities(answer)
        self.budget.learn(rates(answer))
        self._known = capabilities
        return capabilities

    def key(self, entity: str, source_id: str, checksum: str) -> str:
        """The idempotency key of one version of a record. Raises KeyError for an entity the contract does not know."""
        return idempotency_key(entity, source_id, checksum)

    async def write(
        self, entity: str, run_id: str, batch_id: str, items: Sequence[OutgoingItem]
    ) -> tuple[Receipt, ...]:
        """Write ``items``; a receipt for each, in their order. Source ids must differ.

        A call that is refused as a whole goes in halves (see ``Bisection``). Files go one by one (see ``MediaWriter``).
        """
        send = self._send_files if entity == MEDIA.entity else partial(self._send, entity)
        return await Bisection(partial(send, run_id), self._answers).write(batch_id, items)

    def batch_size(self, entity: str) -> int:
        """How many items the next call should have, by how the last ones went. The capabilities bound it further."""
        return self._size(entity).items

    async def count(self, entity: str) -> tuple[int, int]:
        """(records made by import, others)."""
        return await self._back.count(entity)

    async def read(self, entity: str, source_ids: Sequence[str]) -> dict[str, JsonObject]:
        """``{source_id: {"target_id", "checksum", "data"}}`` for the ids the gateway knows."""
        return await self._back.read(entity, source_ids)

    async def listing(self, entity: str, after: str) -> Listing:
        """Up to 1,000 records behind ``after``, foreign ones last; files too."""
        return await self._back.listing(entity, after)

    async def fetch(self, target_id: str, into: BinaryIO) -> str:
        """A file into ``into``; answers its checksum. Raises RecordRejected("media.gone") for an unknown one."""
        return await self._back.fetch(target_id, into)

    def deletes(self, entity: str) -> bool:
        """Files cannot be deleted (contract §3)."""
        return entity in WRITE_METHODS

    async def delete(
        self, entity: str, run_id: str, batch_id: str, entries: Sequence[IdMapEntry]
    ) -> tuple[Receipt, ...]:
        """See ``Target.delete``."""
        return tuple(await delete(self._call, entity, run_id, batch_id, entries))

    def undoes(self, entity: str) -> bool:
        """All but files: the contract has no way to undo those."""
        return entity in WRITE_METHODS

    async def undo(self, entity: str, run_id: str, phase: UndoPhase, after: str) -> UndonePage:
        """Undo what a run did to a page of records. Errors: as for every call."""
        return await undo(self._call, entity, run_id, phase, after)

    async def checks(self) -> list[Check]:
        """Transport, reachability and contract, enabled methods, reading back."""
        return await check(self._line.address, self.capabilities, self.count)

    async def schema_checks(self, needs: SchemaNeeds) -> list[Check]:
        """Whether the gateway knows the custom fields and codes that records are going to hold."""
        return await check_schema(self._call, needs)

    async def _send(
        self, entity: str, run_id: str, batch_id: str, items: Sequence[OutgoingItem]
    ) -> tuple[Receipt, ...]:
        """One write call. Raises BatchTooLarge before a call that has more bytes than the gateway takes."""
        content = orjson.dumps({"run_id": run_id, "batch_id": batch_id, "items": [_item(item) for item in items]})
        if self._known is not None and len(content) > self._known.max_bytes:
            message = f"{len(content)} bytes; a call to the gateway may have {self._known.max_bytes}"
            raise BatchTooLarge("target.refused", message)
        size, method = self._size(entity), WRITE_METHODS[entity].method

        def judge(answer: Answer) -> PortageError | None:
            error = classify(answer)
            if error is None:
                size.went_well(len(items), answer.seconds)
            elif isinstance(error, BatchTooLarge) or answer.status >= _BROKEN:
                size.stumbled(len(items))
            return error

        try:
            answer = await self._line.post(method, content, judge)
        except RetryLater as error:
            if error.reason.code == "target.unreachable":
                size.stumbled(len(items))
            raise
        return read_receipts(orjson.loads(answer.body), items)

    async def _send_files(self, run_id: str, _batch_id: str, items: Sequence[OutgoingItem]) -> tuple[Receipt, ...]:
        most = None if self._known is None else self._known.max_media_bytes
        media = MediaWriter(self._line, self.files, most)
        return tuple([await media.write(run_id, item) for item in items])

    def _size(self, entity: str) -> BatchSize:
        return self._sizes.setdefault(entity, BatchSize())

    async def _answers(self) -> bool:
        try:
            await self.capabilities()
        except PortageError:
            return False
        return True

    async def _call(self, method: str, body: JsonObject) -> Json:
        answer = await self._line.post(method, orjson.dumps(body))
        return orjson.loads(answer.body)


def _item(item: OutgoingItem) -> JsonObject:
    return {
        "source_id": item.source_id,
        "idempotency_key": item.idempotency_key,
        "checksum": item.checksum,
        "data": item.data,
    }
