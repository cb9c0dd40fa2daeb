"""Dead letters, however many: one after the other, and what many of them have in common."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

from shared.model.records import DeadLetter, LetterPlace
from shared.ports.stores import DeadLetters

_AT_ONCE = 1000


async def letters_of(store: DeadLetters, run_id: str | None = None) -> AsyncIterator[DeadLetter]:
    """All letters (of one run) in the order of ``DeadLetters.page``, of which one page is in memory at a time."""
    after: LetterPlace | None = None
    while True:
        page = await store.page(run_id, after=after, size=_AT_ONCE)
        for letter in page:
            yield letter
        if len(page) < _AT_ONCE:
            return
        after = page[-1].place


@dataclass(slots=True)
class Cause:
    """How many letters share a cause; ``first`` is the first of them."""

    first: DeadLetter
    count: int = 0


async def causes_of(letters: AsyncIterable[DeadLetter]) -> list[Cause]:
    """The most frequent first; of those that are as frequent, the one whose first letter comes first."""
    found: dict[str, Cause] = {}
    async for letter in letters:
        found.setdefault(letter.cause, Cause(letter)).count += 1
    return sorted(found.values(), key=lambda cause: -cause.count)
