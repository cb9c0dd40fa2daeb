"""Who may call what from where, and how often (contract §1)."""

import hmac
import ipaddress
import math
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from gateway.errors import CallError
from gateway.settings import Network, Settings

_WINDOW = 60.0


@dataclass(slots=True)
class Access:
    """The checks before a call is looked at. ``clock`` is wall time, ``ticks`` time for rates; both in seconds."""

    settings: Settings
    clock: Callable[[], float] = time.time
    ticks: Callable[[], float] = time.monotonic
    _calls: dict[tuple[str, str], deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def check_code(self, user: str, code: str) -> float | None:
        """When the code expires, in Unix seconds; None: never. Each is compared in constant time, expired ones too."""
        ends: list[float] = []
        for known in self.settings.codes:
            same = hmac.compare_digest(f"{known.user}:{known.code}".encode(), f"{user}:{code}".encode())
            end = math.inf if known.expires is None else known.expires
            if same and self.clock() < end:
                ends.append(end)
        if not ends:
            raise CallError("UNAUTHORIZED", "the import code is wrong or has expired")
        return None if max(ends) == math.inf else max(ends)

    def check_address(self, peer: str, forwarded: Sequence[str]) -> None:
        """The caller's address against the allow-list.

        ``forwarded`` are the values of X-Forwarded-For: each proxy adds whom it heard, so they are believed from the
        right for as long as who says so is a trusted proxy.
        """
        if not self.settings.ip_allow:
            return
        address = peer
        for hop in reversed(",".join(forwarded).split(",") if forwarded else []):
            if not _within(address, self.settings.trusted_proxies):
                break
            address = hop.strip()
        if not _within(address, self.settings.ip_allow):
            raise CallError("IP_NOT_ALLOWED", "calls from this address are not allowed")

    def check_method(self, method: str, known: frozenset[str]) -> None:
        """The method's name, whether it is switched on, whether it exists."""
        if not method.startswith("import."):
            raise CallError("METHOD_NOT_ALLOWED", "only import methods are accepted")
        if self.settings.methods is not None and method not in self.settings.methods:
            raise CallError("METHOD_NOT_ALLOWED", "this method is not enabled")
        if method not in known:
            raise CallError("UNKNOWN_METHOD", "there is no such method")

    @contextmanager
    def within_rate(self, method: str, user: str, per_minute: int) -> Iterator[None]:
        """One call in a sliding window of 60 s. A call that is refused in here does not count."""
        now, calls = self.ticks(), self._calls[method, user]
        while calls and calls[0] <= now - _WINDOW:
            calls.popleft()
        if len(calls) >= per_minute:
            wait = math.ceil(calls[0] + _WINDOW - now)
            raise CallError("RATE_LIMITED", f"{per_minute} calls per minute are allowed", retry_after=max(1, wait))
        calls.append(now)
        try:
            yield
        except BaseException:
            with suppress(ValueError):  # it may have left the window meanwhile
                calls.remove(now)
            raise


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return any((mapped or parsed) in network for network in networks)
