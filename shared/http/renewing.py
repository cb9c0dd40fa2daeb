"""Secrets that are exchanged while work goes on: a call that is refused goes out once more with the new one."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.model.errors import PortageError

Secret = TypeVar("Secret")
_Result = TypeVar("_Result")


async def never(_refused: object) -> None:
    """The successor of a secret that nobody exchanges."""


@dataclass(slots=True)
class Renewable(Generic[Secret]):
    """``now`` is what opens the other side; ``successor`` finds what follows one that was refused, or None."""

    now: Secret
    successor: Callable[[Secret], Awaitable[Secret | None]]

    async def use(self, call: Callable[[Secret], Awaitable[_Result]], refusals: Collection[str]) -> _Result:
        """``call`` with the secret; once more with its successor when that fails for a reason among ``refusals``.

        Raises what ``call`` does. A call that is made twice was refused the first time, so nothing came of it.
        """
        used = self.now
        try:
            return await call(used)
        except PortageError as error:
            if error.reason.code not in refusals:
                raise
            if self.now == used:
                found = await self.successor(used)
                if found is None:
                    raise
                self.now = found
        return await call(self.now)
