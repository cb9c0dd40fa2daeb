"""Asking for windows: the next ones of a stack, in batches, through every webhook that has the scope."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from connectors.bitrix24.batch import BatchAnswer
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.readers.windows import Conditions, Dated, Window, commands, instant, instead_of
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped, PortageError, RetryLater, RunStopped

_DAY = 86_400
_ENOUGH_WAITING = 300
"""Windows on the stack, which has to fit into a cursor. With as many on it they are cut in two only; with twice as
many, one at a time."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the webhook of one user was told. ``bodies`` are the answers as they came, ``answer`` is all of them."""

    by: str
    answer: BatchAnswer
    bodies: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What one read asked. ``whole`` are the windows that were read; ``left`` is the stack now."""

    seen: tuple[Seen, ...]
    whole: tuple[Window, ...]
    left: tuple[Window, ...]

    @property
    def bodies(self) -> list[tuple[str, bytes]]:
        """All answers as they came, each with the user it was told to."""
        return [(one.by, body) for one in self.seen for body in one.bodies]


async def readers_of(webhooks: Webhooks, scopes: Sequence[str]) -> tuple[Webhook, ...]:
    """One webhook of every user who has one with such a scope, administrators first. Raises EntityStopped for none."""
    chosen: dict[str, Webhook] = {}
    for webhook in await webhooks.with_scope(*scopes):
        chosen.setdefault(webhook.user, webhook)
    return tuple(chosen.values())


@dataclass(slots=True)
class Lookout:
    """Asks for windows of one list; it learns how heavy they are."""

    dated: Dated
    scopes: tuple[str, ...]
    conditions: Conditions
    webhooks: Webhooks
    _pacing: Pacing = field(default_factory=Pacing)

    @property
    def most(self) -> int:
        """How many windows one read takes from the stack."""
        return self._pacing.most

    async def end(self) -> int:
        """A day from now by the portal's clock (Unix seconds): where cutting ends."""
        answer = await (await self.webhooks.first(*self.scopes)).transport.call("server.time", {})
        now = instant(answer.result)
        if now is None:
            raise RetryLater("source.unexpected_answer", "server.time: not a time")
        return now + _DAY

    async def look(self, stack: Sequence[Window], end: int) -> Look:
        """Ask every webhook for the last windows of ``stack``.

        A window that failed for a passing reason in one answer stays on the stack. Raises that error when there is none
        that was read or cut.
        """
        left, chosen = _chosen(stack, self.most if len(stack) < 2 * _ENOUGH_WAITING else 1)
        parts = max(2, (_ENOUGH_WAITING - len(stack)) // len(chosen))
        asked = {key: command for one in chosen for key, command in commands(one, self.dated, self.conditions).items()}
        seen = [await self._ask(webhook, asked) for webhook in await readers_of(self.webhooks, self.scopes)]
        answers = [one.answer for one in seen]
        whole: list[Window] = []
        trouble: list[PortageError] = []
        stumbled = 0
        for window in chosen:
            if errors := list(_errors(window, answers)):
                stumbled += 1
                trouble += errors
                left.append(window)
            elif instead := instead_of(window, answers, self.dated, end, parts):
                left += instead
            else:
                whole.append(window)
        if stumbled == len(chosen):
            raise trouble[0]
        return Look(tuple(seen), tuple(whole), tuple(left))

    async def _ask(self, webhook: Webhook, asked: dict[str, Command]) -> Seen:
        """One call, or more for a window of more pages than a batch has room for."""
        keys = list(asked)
        answers = []
        for start in range(0, len(keys), MOST_COMMANDS):
            part = {key: asked[key] for key in keys[start : start + MOST_COMMANDS]}
            try:
                answer = await webhook.transport.batch(part)
            except RetryLater:
                self._pacing.failed(len(part))
                raise
            self._pacing.took(answer.seconds, len(part))
            answers.append(answer)
        return Seen(webhook.user, reduce(_joined, answers), tuple(answer.raw for answer in answers))


def _chosen(stack: Sequence[Window], most: int) -> tuple[list[Window], list[Window]]:
    """(what stays on the stack, the windows that are asked for now: at least one, and no more than fit)."""
    left, chosen = list(stack), [stack[-1]]
    room = most - left.pop().pages
    while left and left[-1].pages <= room:
        chosen.append(left.pop())
        room -= chosen[-1].pages
    return left, chosen


def _joined(one: BatchAnswer, other: BatchAnswer) -> BatchAnswer:
    return replace(
        one,
        results=one.results | other.results,
        errors=one.errors | other.errors,
        totals=one.totals | other.totals,
        nexts=one.nexts | other.nexts,
    )


def _errors(window: Window, answers: Sequence[BatchAnswer]) -> Iterable[PortageError]:
    """Raises the one that is final."""
    for answer in answers:
        for page in range(window.pages):
            error = answer.errors.get(window.key(page))
            if isinstance(error, EntityStopped | RunStopped):
                raise error
            if error is not None:
                yield error
