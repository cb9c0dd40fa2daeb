"""What the gateway asks of a database, whichever it is: SQL that both understand, with ``?`` for values."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol


class Rows(Protocol):
    """What a statement gave."""

    def fetchone(self) -> Any:
        """The next row as a tuple, or None."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Database(Protocol):
    """One connection, used by one thread at a time. What was committed survives a crash."""

    failures: tuple[type[Exception], ...]
    """What it raises when it cannot do what it is told."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open; an error may have thrown it away."""

    def execute(self, query: str, values: Sequence[object] = ()) -> Rows:
        """Run one statement."""

    def executemany(self, query: str, rows: Sequence[Sequence[object]]) -> None:
        """Run one statement for each row of values."""

    def begin(self) -> None:
        """Open a transaction, in which nobody else writes."""

    def close(self) -> None:
        """Close the connection."""
