"""Asking for windows: the next ones of a stack, in batches, through every webhook that has the scope."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from connectors.bitrix24.batch import BatchAnswer
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.readers.windows import (
    OLDEST,
    Conditions,
    Dated,
    Window,
    commands,
    instant,
    instead_of,
    rows_of,
)
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped, PortageError, RunStopped
from shared.model.json import Json, JsonObject

_DAY = 86_400
_ENOUGH_WAITING = 300
"""Windows on the stack, which has to fit into a cursor. With as many on it they are cut in two only; with twice as
many, one at a time."""

_TRIAL = Window("", OLDEST, OLDEST + 1)
"""A second with hardly a post in it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the webhook of one user was told. ``bodies`` are the answers as they came, ``answer`` is all of them."""

    by: str
    answer: BatchAnswer
    bodies: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What one read asked. ``whole`` are the windows that were read; ``left`` is the stack now.

    ``refused`` are windows by the user whose webhook was denied them; those in ``dropped`` were denied to all of them.
    """

    seen: tuple[Seen, ...]
    whole: tuple[Window, ...]
    left: tuple[Window, ...]
    refused: Mapping[str, tuple[Window, ...]] = field(default_factory=dict)
    dropped: tuple[Window, ...] = ()

    @property
    def bodies(self) -> list[tuple[str, bytes]]:
        """All answers as they came, each with the user it was told to."""
        return [(one.by, body) for one in self.seen for body in one.bodies]

    @property
    def coverage(self) -> dict[str, int]:
        """``{"refused_to 7": 1}``: how many windows a webhook was denied."""
        return {f"refused_to {user}": len(windows) for user, windows in self.refused.items()}


def found(
    window: Window, answers: Mapping[str, Mapping[str, Json]], dated: Dated
) -> Iterable[tuple[str, dict[str, JsonObject]]]:
    """(user, rows by id) of a window that was read whole, from the archived results of those who were not denied it.

    Raises RetryLater when nobody's results hold it: that is half an answer.
    """
    keys = {window.key(page) for page in range(window.pages)}
    told = {user: results for user, results in answers.items() if not keys.isdisjoint(results)}
    for user, results in (told or answers).items():
        yield user, rows_of(window, results, dated)


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
        """A day from now (Unix seconds) by the portal's clock, or ours where it tells none: where cutting ends."""
        webhook = await self.webhooks.first(*self.scopes)
        try:
            told = (await webhook.transport.call("server.time", {})).result
        except EntityStopped:
            told = None
        return (instant(told) or int(time.time())) + _DAY

    async def look(self, stack: Sequence[Window], end: int) -> Look:
        """Ask every webhook for the last windows of ``stack``.

        A window that failed for a passing reason in one answer stays on the stack. Raises that error when there is none
        that was read or cut. One that is denied to some webhooks is read through the others; one with conditions that
        is denied to all is dropped. Raises EntityStopped when the list itself is denied to every webhook.
        """
        left, chosen = _chosen(stack, self.most if len(stack) < 2 * _ENOUGH_WAITING else 1)
        parts = max(2, (_ENOUGH_WAITING - len(stack)) // len(chosen))
        asked = {key: command for one in chosen for key, command in commands(one, self.dated, self.conditions).items()}
        webhooks = await self.webhooks.with_scope(*self.scopes)
        seen = [await self._ask(webhook, asked) for webhook in webhooks]
        refused = {one.by: tuple(window for window in chosen if _refusal(window, one.answer)) for one in seen}
        if all(len(windows) == len(chosen) for windows in refused.values()):
            await self._check_open(webhooks)
        whole: list[Window] = []
        dropped: list[Window] = []
        trouble: list[PortageError] = []
        stumbled = 0
        for window in chosen:
            answers = [one.answer for one in seen if window not in refused[one.by]]
            if not answers:
                if not self.conditions(window.label):
                    raise next(error for one in seen if (error := _refusal(window, one.answer)))
                dropped.append(window)
            elif errors := list(_errors(window, answers)):
                stumbled += 1
                trouble += errors
                left.append(window)
            elif instead := instead_of(window, answers, self.dated, end, parts):
                left += instead
            else:
                whole.append(window)
        if stumbled == len(chosen):
            raise trouble[0]
        denied = {user: windows for user, windows in refused.items() if windows}
        return Look(tuple(seen), tuple(whole), tuple(left), denied, tuple(dropped))

    async def _check_open(self, webhooks: Sequence[Webhook]) -> None:
        """Whether the list answers anybody when nothing but a date is asked for. Raises what it says when it does not.

        Some read may have asked for nothing but rights that are denied.
        """
        trouble: list[PortageError] = []
        for webhook in webhooks:
            answer = (await self._ask(webhook, commands(_TRIAL, self.dated, lambda _label: {}))).answer
            if not answer.errors:
                return
            trouble += answer.errors.values()
        raise next((error for error in trouble if not isinstance(error, EntityStopped)), trouble[0])

    async def _ask(self, webhook: Webhook, asked: dict[str, Command]) -> Seen:
        """One call, or more for a window of more pages than a batch has room for."""
        keys = list(asked)
        answers = []
        for start in range(0, len(keys), MOST_COMMANDS):
            part = {key: asked[key] for key in keys[start : start + MOST_COMMANDS]}
            try:
                answers.append(await self._pacing.batch(webhook, part))
            except EntityStopped as error:
                answers.append(BatchAnswer({}, dict.fromkeys(part, error), {}, {}, {}, b"", 0.0))
        return Seen(webhook.user, reduce(_joined, answers), tuple(answer.raw for answer in answers if answer.raw))


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


def _refusal(window: Window, answer: BatchAnswer) -> EntityStopped | None:
    """Why all pages of a window were denied; None when one of them was not."""
    errors = [answer.errors.get(window.key(page)) for page in range(window.pages)]
    denied = [error for error in errors if isinstance(error, EntityStopped)]
    return denied[0] if len(denied) == len(errors) else None


def _errors(window: Window, answers: Sequence[BatchAnswer]) -> Iterable[PortageError]:
    """Raises the one that stops the run."""
    for answer in answers:
        for page in range(window.pages):
            error = answer.errors.get(window.key(page))
            if isinstance(error, RunStopped):
                raise error
            if error is not None:
                yield error
