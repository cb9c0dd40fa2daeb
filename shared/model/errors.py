"""Errors grouped by what the engine does next.

    PortageError
    ├── RetryLater      the other side is out or stumbles: the same request again, later; no attempt is used up
    ├── SlowDown        a budget is spent: wait, then the same request; never an error to an operator
    ├── RecordRejected  this record cannot go in as it is: dead letter
    ├── EntityStopped   this entity cannot go on, the others can
    └── RunStopped      nobody can go on: the run halts
    Conflict            somebody else wrote first (ETag, insert of an existing row): read again and decide

Messages are safe to show: whoever raises one has redacted it.
"""

from shared.model.reasons import REASONS, Reason


class PortageError(Exception):
    """Base of everything Portage raises on purpose. ``reason`` is an entry of the closed list."""

    def __init__(self, reason: str, message: str, *, retry_after: float | None = None) -> None:
        """``reason`` is a code of ``REASONS``; ``retry_after`` counts seconds from now."""
        super().__init__(message)
        self.reason: Reason = REASONS[reason]
        self.message = message
        self.retry_after = retry_after

    @property
    def system(self) -> str:
        """The side the reason is about: ``source``, ``target``, ``storage``, …"""
        return self.reason.code.partition(".")[0]


class RetryLater(PortageError):
    """The other side is out; the same request may work later."""


class SlowDown(PortageError):
    """A budget is spent; ``retry_after`` says for how long, when it is known."""


class RecordRejected(PortageError):
    """One record cannot go in. ``field`` names the culprit when there is one."""

    def __init__(self, reason: str, message: str, *, field: str | None = None) -> None:
        super().__init__(reason, message)
        self.field = field


class EntityStopped(PortageError):
    """One entity cannot go on."""


class RunStopped(PortageError):
    """The whole run has to stop until a person acts."""


class Conflict(Exception):
    """A conditional write lost: the row exists already or changed since it was read."""
