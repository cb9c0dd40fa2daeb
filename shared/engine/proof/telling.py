"""The receipts of the work that a proof is about: which records were given up, or kept as they were."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.engine.proof.listings import documents
from shared.model.ledger import PageRow
from shared.ports.stores import Stores


@dataclass(frozen=True, slots=True)
class Told:
    """Source ids by what became of them. ``due`` would be written by a run that wrote: they are not as the source.

    ``sent`` went to the target, be it that it had that version already.
    """

    given_up: frozenset[str]
    kept: frozenset[str]
    due: frozenset[str]
    whole: bool
    """Whether all that was given up is in ``given_up``."""

    sent: frozenset[str] = frozenset()

    def explains(self, source_id: str) -> bool:
        """Whether it is known why a record is not at the target."""
        return source_id in self.given_up or not self.whole


async def told_of(stores: Stores, row: PageRow, *, writes: bool) -> Told:
    """What the receipts that a ``VERIFY`` row names tell. ``writes``: they are of a run that wrote."""
    cursor = row.cursor or {}
    receipts = await documents(stores, cursor["told"])

    def ids(*names: str) -> frozenset[str]:
        lists: Iterable[Iterable[str]] = (one.get(name) or () for one in receipts for name in names)
        return frozenset(source_id for some in lists for source_id in some)

    none = frozenset[str]()
    due, sent = (none, ids("created", "updated", "duplicate")) if writes else (ids("created", "updated"), none)
    return Told(ids("failed", "left_out"), ids("kept"), due, not cursor["given_up"], sent)
