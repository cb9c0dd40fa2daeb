"""What one run did to one record, as the versions tell it."""

from dataclasses import dataclass

from gateway.database import Database
from gateway.items import checksum
from gateway.store import Record


@dataclass(frozen=True, slots=True)
class History:
    """``before`` is the version that the run found (None: it created the record), ``written`` the checksum of what it
    left (None: it deleted the record). ``undone`` when a rollback has been here, ``later`` when another run came after.
    """

    entity: str
    source_id: str
    run_id: str
    before: str | None
    written: str | None
    undone: bool
    later: bool

    @staticmethod
    def of(db: Database, entity: str, source_id: str, run_id: str) -> "History | None":
        """None when the run did nothing to the record. What was undone before counts only if nothing followed."""
        query = (
            "SELECT seq, run_id, before, written, undone FROM versions WHERE entity = ? AND source_id = ? ORDER BY seq"
        )
        versions = db.execute(query, (entity, source_id)).fetchall()
        ours = [version for version in versions if version[1] == run_id]
        if not ours:
            return None
        standing = [version for version in ours if not version[4]]
        first, last = (standing or ours)[0], (standing or ours)[-1]
        later = any(seq > first[0] and run != run_id and not undone for seq, run, _, _, undone in versions)
        return History(entity, source_id, run_id, first[2], last[3], undone=not standing, later=later)

    @property
    def created(self) -> bool:
        """Whether the run made the record."""
        return self.before is None

    def reason_to_keep(self, record: Record | None) -> str | None:
        """Why the record as it is now must not be touched, if there is a reason."""
        if self.later:
            return "LATER_RUN"
        if record is None:
            return None if self.written is None else "LOCALLY_CHANGED"
        same = record.checksum == self.written and checksum(record.data) == self.written
        return None if same else "LOCALLY_CHANGED"

    def close(self, db: Database) -> None:
        """Note that the run's changes to the record are undone."""
        query = "UPDATE versions SET undone = 1 WHERE run_id = ? AND entity = ? AND source_id = ?"
        db.execute(query, (self.run_id, self.entity, self.source_id))
