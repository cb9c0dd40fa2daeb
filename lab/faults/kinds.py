"""What may go wrong with a request, and how each kind of server words its refusals."""

import random
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """One fault. Those up to ``SLOW`` hit before the request arrives."""

    RESET = "reset"
    DROPPED = "dropped"
    ERROR = "error"
    UNAVAILABLE = "unavailable"
    BAD_GATEWAY = "bad_gateway"
    THROTTLED = "throttled"
    SLOW = "slow"
    LOST = "lost"
    TIMED_OUT = "timed_out"
    REPEATED = "repeated"
    CUT = "cut"
    LATE = "late"
    PARTIAL = "partial"


class Dialect(StrEnum):
    """What kind of server is behind a link."""

    BLOB = "blob"
    QUEUE = "queue"
    TABLE = "table"
    GATEWAY = "gateway"
    PORTAL = "portal"

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Faults that this kind of server, or the network before it, is known for."""
        common = (Kind.RESET, Kind.DROPPED, Kind.ERROR, Kind.UNAVAILABLE, Kind.SLOW, Kind.LOST, Kind.CUT, Kind.LATE)
        match self:
            case Dialect.GATEWAY:
                return (*common, Kind.BAD_GATEWAY, Kind.THROTTLED, Kind.REPEATED, Kind.PARTIAL)
            case Dialect.PORTAL:
                return (*common, Kind.BAD_GATEWAY)
            case _:
                return (*common, Kind.TIMED_OUT, Kind.REPEATED)

    def refusal(self, kind: Kind) -> bytes:
        """The whole answer for a kind that answers by itself."""
        status, code = _REFUSALS[self][kind]
        if not code:
            return _answer(status, b"<html><h1>%d</h1></html>" % status, "text/html")
        more: dict[str, str] = {}
        match self:
            case Dialect.TABLE:
                body = f'{{"odata.error":{{"code":"{code}","message":{{"lang":"en-us","value":"{code}"}}}}}}'
                media, more = "application/json", {"x-ms-error-code": code}
            case Dialect.BLOB | Dialect.QUEUE:
                body = (
                    f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
                )
                media, more = "application/xml", {"x-ms-error-code": code}
            case Dialect.GATEWAY:
                body, media = f'{{"error":"{code}","message":"not now","details":{{}}}}', "application/json"
            case Dialect.PORTAL:
                body, media = f'{{"error":"{code}","error_description":"not now"}}', "application/json"
        if kind is Kind.THROTTLED:
            more["Retry-After"] = "1"
        return _answer(status, body.encode(), media, more)


# Error codes of the storage services: https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes
_STORAGE = {
    Kind.ERROR: (500, "InternalError"),
    Kind.UNAVAILABLE: (503, "ServerBusy"),
    Kind.TIMED_OUT: (500, "OperationTimedOut"),
}
_REFUSALS: dict[Dialect, dict[Kind, tuple[int, str]]] = {
    Dialect.BLOB: _STORAGE,
    Dialect.QUEUE: _STORAGE,
    Dialect.TABLE: _STORAGE,
    Dialect.GATEWAY: {
        Kind.ERROR: (500, "INTERNAL"),
        Kind.UNAVAILABLE: (503, "UNAVAILABLE"),
        Kind.BAD_GATEWAY: (502, ""),
        Kind.THROTTLED: (429, "RATE_LIMITED"),
    },
    Dialect.PORTAL: {
        Kind.ERROR: (500, "INTERNAL_SERVER_ERROR"),
        Kind.UNAVAILABLE: (503, ""),
        Kind.BAD_GATEWAY: (502, ""),
    },
}


def _answer(status: int, body: bytes, media: str, more: dict[str, str] | None = None) -> bytes:
    headers = {"Content-Type": media, "Content-Length": str(len(body)), **(more or {})}
    lines = [f"HTTP/1.1 {status} Fault", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(slots=True)
class Share:
    """How much goes wrong on a link: ``share`` (0 to 1) of the requests, in one of ``kinds``; repeatable by ``seed``.

    The seed fixes the sequence of draws; which request meets which draw depends on the order in which they come.
    """

    share: float
    kinds: Sequence[Kind]
    seed: int = 1
    requests: int = 0
    counted: Counter[Kind] = field(default_factory=Counter)
    _next: deque[Kind] = field(default_factory=deque)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # repeatable faults

    def then(self, *kinds: Kind) -> None:
        """The next requests go wrong in these ways, one each, whatever the share."""
        self._next.extend(kinds)

    def draw(self) -> Kind | None:
        """The fault that hits the next request, or None. Requests are counted while faults are possible."""
        if self._next:
            kind = self._next.popleft()
        elif not self.share or not self.kinds:
            return None
        elif self._chance.random() < self.share:
            kind = self._chance.choice(self.kinds)
        else:
            self.requests += 1
            return None
        self.requests += 1
        self.counted[kind] += 1
        return kind

    def part(self, size: int) -> list[int]:
        """Some of ``size`` places, at least one."""
        return sorted(self._chance.sample(range(size), max(1, size // 5)))
