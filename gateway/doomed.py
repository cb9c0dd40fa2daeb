"""Which records go together when a run's creations are deleted."""

from dataclasses import dataclass, field

from gateway.database import Database
from gateway.history import History
from gateway.store import find
from gateway.versions import referrers


@dataclass(frozen=True, slots=True)
class Doomed:
    """Records of one run refer to each other in trees and circles, so none of them could go first alone.

    What refers to a doomed record goes with it if the run made it too; if anything else does, the record stays.
    """

    db: Database
    run_id: str
    _staying: set[int] = field(default_factory=set)

    def with_referrers(self, number: int) -> dict[int, History] | None:
        """The record and all that refer to it, directly or not; None when one of them has to stay."""
        found: dict[int, History] = {}
        reached_from = {number: 0}
        waiting = [number]
        while waiting:
            one = waiting.pop()
            history = None if one in self._staying else self._history(one)
            if history is None:
                while one:
                    self._staying.add(one)
                    one = reached_from[one]
                return None
            found[one] = history
            for referrer in referrers(self.db, one):
                if referrer not in reached_from:
                    reached_from[referrer] = one
                    waiting.append(referrer)
        return found

    def _history(self, number: int) -> History | None:
        entity, source_id = self.db.execute("SELECT entity, source_id FROM records WHERE id = ?", (number,)).fetchone()
        record = find(self.db, entity, source_id) if source_id is not None else None
        history = History.of(self.db, entity, source_id, self.run_id) if record else None
        if history is None or history.undone or not history.created or history.reason_to_keep(record):
            return None
        return history
