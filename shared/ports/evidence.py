"""Evidence of calls: whoever asks for work learns of every call that was made for it, however deep it was made."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[Counter[str] | None] = ContextVar("calls", default=None)
_transactions: ContextVar[Counter[str] | None] = ContextVar("transactions", default=None)


@contextmanager
def recording() -> Iterator[Counter[str]]:
    """Collect the calls made inside, as ``{"user.get ok": 3}``; tasks that are started inside count too."""
    calls: Counter[str] = Counter()
    token, other = _current.set(calls), _transactions.set(Counter())
    try:
        yield calls
    finally:
        _current.reset(token)
        _transactions.reset(other)


def record(method: str, verdict: str) -> None:
    """Note one call; ``verdict`` is ``ok`` or a reason's code. Nothing happens when nobody collects."""
    calls = _current.get()
    if calls is not None:
        calls[f"{method} {verdict}"] += 1


def record_transaction(service: str) -> None:
    """Note one transaction of storage. Nothing happens when nobody collects."""
    transactions = _transactions.get()
    if transactions is not None:
        transactions[service] += 1


def transactions() -> int:
    """Those of the work that is collected for, so far."""
    return sum((_transactions.get() or {}).values())


def merged(*calls: dict[str, int]) -> dict[str, int]:
    """Sum of several collections."""
    return dict(sum((Counter(one) for one in calls), Counter()))


def by_method(calls: dict[str, int]) -> dict[str, dict[str, int]]:
    """``{"user.get ok": 3}`` → ``{"user.get": {"ok": 3}}``, sorted."""
    table: dict[str, dict[str, int]] = {}
    for name in sorted(calls):
        method, _, verdict = name.partition(" ")
        table.setdefault(method, {})[verdict] = calls[name]
    return table
