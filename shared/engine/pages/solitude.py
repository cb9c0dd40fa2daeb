"""Solitude: what may kill its process is worked on when nothing else is in hand, so that nobody shares its fate."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Solitude:
    """For the workers of one process. Whoever wants to be alone waits for the others, who begin nothing meanwhile."""

    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _inside: int = 0
    _wanted: int = 0
    _alone: bool = False

    @asynccontextmanager
    async def among_others(self) -> AsyncIterator[None]:
        """Together with any number of others."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._wanted and not self._alone)
            self._inside += 1
        try:
            yield
        finally:
            async with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """With nobody else."""
        self._wanted += 1
        try:
            async with self._changed:
                await self._changed.wait_for(lambda: not self._inside and not self._alone)
                self._alone = True
        finally:
            self._wanted -= 1
            async with self._changed:
                self._changed.notify_all()
        try:
            yield
        finally:
            async with self._changed:
                self._alone = False
                self._changed.notify_all()
