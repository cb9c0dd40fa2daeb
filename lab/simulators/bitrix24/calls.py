"""What a call is: who makes it, what answers it, and what a method is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.simulators.bitrix24.limits import Spent
from lab.simulators.bitrix24.parameters import Tree

if TYPE_CHECKING:
    from lab.simulators.bitrix24.world import World


@dataclass(frozen=True, slots=True)
class Caller:
    """A webhook: its user, and what was ticked in its form."""

    user: int
    secret: str = field(repr=False)
    scopes: frozenset[str]
    admin: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """What a method returns. ``pages`` counts what it costs."""

    result: Any
    total: int | None = None
    next: int | None = None
    pages: int = 0


@dataclass(frozen=True, slots=True)
class Called:
    """A method's reply, what it cost so far where that is counted, and from when to when it ran (Unix time)."""

    reply: Reply
    spent: Spent | None
    begun: float
    finished: float


@dataclass(frozen=True, slots=True)
class Method:
    """A method, the scope it needs (empty: none), and whether it only reads."""

    scope: str
    handle: Callable[[World, Caller, Tree], Reply]
    reads: bool = True


def written(_world: World, _caller: Caller, _parameters: Tree) -> Reply:
    """Write methods: they are counted, and change nothing."""
    return Reply(True)  # what the API answers
