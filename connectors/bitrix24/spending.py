"""The portal's seconds, lent to calls before they leave, so that no method has to be refused (API facts §2.2).

The portal tells after each call how many ``operating`` seconds its method has taken of late, and refuses the method
past a limit. Many calls are on their way at once; what they will take is estimated and kept back until they land.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.bitrix24.operating import LIMIT, Operating
from shared.model.errors import SlowDown

PATIENCE = 5.0
"""Seconds for which a call waits for others to land; then its worker has better things to do."""

_SHARE = 0.95
"""Of the limit (API facts §2.2); the rest pays for wrong estimates, and for asking whether a minute has dropped out."""

_PROBE = 10
_SUPPOSED = 1.0
"""Seconds a command is taken to cost until the portal tells."""

_MEMORY = 0.8
_BRIEF = 1.0
_BASKET = 60.0
_MOST = 0.8
_SAME = 1.5
_FRESH = 5.0
_AT_ONCE = 0.1
_ROUNDING = 1e-6


@dataclass(slots=True)
class Account:
    """One method of one webhook. Instants are of a clock that only grows; amounts are ``operating`` seconds.

    ``told`` is never less than the truth as far as this process knows: what drops out lowers it at the next answer.
    """

    limit: float = LIMIT
    told: float = 0.0
    told_at: float = -math.inf
    resets_at: float | None = None
    counted: bool = True
    doubted: bool = False
    flying: float = 0.0
    flights: int = 0
    _seconds: float = 0.0
    _commands: float = 0.0

    @property
    def cost(self) -> float:
        """Seconds a command takes, by the answers of late."""
        return self._seconds / self._commands if self._commands else _SUPPOSED

    def room(self, now: float) -> float:
        """How many commands may leave now; infinitely many of a method that is not counted, or costs nothing."""
        if not self.counted:
            return math.inf
        free = _SHARE * self.limit - self.told - self.flying
        if free > 0 and (fitting := _whole(free, self.cost)):
            return fitting
        if self.flights or now < self.asks_at:
            return 0
        return max(1, min(_PROBE, _whole(self.limit - self.told, self.cost or _SUPPOSED)))

    @property
    def asks_at(self) -> float:
        """When it is worth asking how much has dropped out; a minute later where the portal does not tell."""
        return self.told_at + _BASKET if self.resets_at is None else self.resets_at

    def leave(self, commands: int) -> float:
        """Keep back what the commands will cost; answers how much that is."""
        kept = commands * self.cost
        self.flying += kept
        self.flights += 1
        return kept

    def land(self, kept: float) -> None:
        """The call is over, whatever came of it."""
        self.flying = max(0.0, self.flying - kept)
        self.flights -= 1

    def hear(self, told: Operating | None, commands: int, now: float) -> None:
        """Take in what the answer to so many commands told."""
        if told is None:
            self.counted = self.counted and self.told_at > -math.inf
            return
        self.counted = True
        resets_at = None if told.resets_in is None else now + told.resets_in
        if self.told_at == -math.inf:
            if told.growth is not None:
                self._learn(told.growth * commands, commands)
            self.told = told.seconds
        elif resets_at is not None and self.resets_at is not None and abs(resets_at - self.resets_at) < _SAME:
            self._learn(max(0.0, told.seconds - self.told), commands)
            self.told = max(self.told, told.seconds)  # answers may overtake each other
        else:
            self.told = told.seconds
        self.told_at, self.resets_at = now, resets_at

    def refuse(self, now: float) -> None:
        """The portal refused the method: nothing is left of its seconds.

        Its limit is lower than was thought if the same answer told how much is spent, if that was most of it, or if
        this happens again; once it may be that somebody else spent them.
        """
        self.counted = True
        certain = self.told_at >= now - _AT_ONCE or self.told >= _MOST * self.limit or self.doubted
        if now - self.told_at < _FRESH and certain:
            self.limit = max(_SUPPOSED, min(self.limit, self.told))
        self.doubted = self.doubted or now - self.told_at < _FRESH
        self.told = max(self.told, self.limit)

    def _learn(self, seconds: float, commands: int) -> None:
        self._seconds = self._seconds * _MEMORY + seconds
        self._commands = self._commands * _MEMORY + commands


@dataclass(slots=True)
class Spending:
    """The accounts of one webhook, by method."""

    _accounts: dict[str, Account] = field(default_factory=dict)
    _landed: asyncio.Event = field(default_factory=asyncio.Event)

    def room(self, method: str) -> float:
        """How many commands may leave now."""
        return self._account(method).room(_now())

    async def lend(self, methods: Mapping[str, str], least: int | None = None) -> "Loan":
        """Wait until there is room for the commands, whose ``methods`` are given by key.

        With ``least`` it lends to as many of the first commands as there is room for, and to no fewer than that.
        Raises SlowDown when there is no room, and nothing on its way will tell of more soon. When little is spent,
        or a minute has dropped out since it was told, they all may go: a batch that cannot be cut would wait for good.
        """
        until = _now() + PATIENCE
        while True:
            fitting = self._fitting(methods)
            if len(fitting) >= (len(methods) if least is None else least):
                return self._loan({key: methods[key] for key in fitting})
            blocking = self._account(methods[next(key for key in methods if key not in fitting)])
            little = blocking.told + blocking.flying < blocking.limit / 2
            if not blocking.flights and (little or _now() >= blocking.asks_at):
                return self._loan(methods)
            if not blocking.flights or _now() >= until:
                wait = _BRIEF if blocking.flights else _pause(blocking)
                raise SlowDown("source.throttled", "the seconds of a method are spent", retry_after=wait)
            self._landed.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._landed.wait()
            except TimeoutError:
                continue

    def hear(self, method: str, told: Operating | None, commands: int) -> float | None:
        """Take in an answer; seconds for which the method should rest, when it is as good as spent."""
        account = self._account(method)
        account.hear(told, commands, _now())
        spent = account.counted and not account.flights and not account.room(_now())
        return _pause(account) if spent and account.resets_at is not None else None

    def refuse(self, method: str) -> None:
        """The portal refused the method for its seconds."""
        self._account(method).refuse(_now())

    def _account(self, method: str) -> Account:
        return self._accounts.setdefault(method, Account())

    def _fitting(self, methods: Mapping[str, str]) -> list[str]:
        """The first keys for which there is room."""
        room = {method: self._account(method).room(_now()) for method in set(methods.values())}
        fitting = []
        for key, method in methods.items():
            room[method] -= 1
            if room[method] < 0:
                break
            fitting.append(key)
        return fitting

    def _loan(self, methods: Mapping[str, str]) -> "Loan":
        kept = {name: self._account(name).leave(number) for name, number in Counter(methods.values()).items()}
        return Loan(self, tuple(methods), kept)

    def settle(self, kept: Mapping[str, float]) -> None:
        """Calls are over."""
        for method, seconds in kept.items():
            self._account(method).land(seconds)
        self._landed.set()


@dataclass(frozen=True, slots=True)
class Loan:
    """Seconds kept back for a call, as long as the context is open; ``keys`` are the commands that may go."""

    spending: Spending
    keys: tuple[str, ...]
    kept: Mapping[str, float]

    def __enter__(self) -> "Loan":
        return self

    def __exit__(self, *_: object) -> None:
        self.spending.settle(self.kept)


def _whole(seconds: float, cost: float) -> float:
    """How many commands the seconds pay for."""
    return math.floor(seconds / cost + _ROUNDING) if cost else math.inf


def _pause(account: Account) -> float:
    return max(_BRIEF, account.asks_at - _now())


def _now() -> float:
    return asyncio.get_running_loop().time()
