"""How many commands a batch may hold so that the portal answers in time."""

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.bitrix24.batch import BatchAnswer
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhook
from shared.model.errors import RetryLater

_FIRST = 10
_AIM_SECONDS = 5.0
"""How long one call should take: far below the portal's 60 s."""


def fitting(seconds: float, commands: int) -> int:
    """How many commands make a call of the length aimed at, when so many took ``seconds``; 50 at most."""
    return min(MOST_COMMANDS, int(_AIM_SECONDS * commands / max(seconds, 0.001)))


@dataclass(slots=True)
class Pacing:
    """``most`` commands for the next batch; learnt from those before.

    It doubles with what was answered in time, but only up to where it had to be halved; from there on it grows by an
    eighth. So two batches in a row of one size do not end in one that is never answered.
    """

    most: int = _FIRST
    _doubles_upto: int = MOST_COMMANDS

    async def batch(self, webhook: Webhook, commands: Mapping[str, Command], least: int | None = None) -> BatchAnswer:
        """See ``Transport.batch``. An answer that never comes makes the next batch smaller."""
        try:
            answer = await webhook.transport.batch(commands, least)
        except RetryLater:
            self.failed(len(commands))
            raise
        self.took(answer.seconds, len(answer.results) + len(answer.errors))
        return answer

    def took(self, seconds: float, commands: int) -> None:
        """A batch was answered: one that took too long was too large, any other proves its own size and no more."""
        fits = fitting(seconds, commands)
        if seconds > _AIM_SECONDS:
            self.most = max(1, min(self.most, fits))
            return
        doubled = 2 * commands
        grown = doubled if doubled <= self._doubles_upto else commands + max(1, commands // 8)
        self.most = max(self.most, min(grown, fits))

    def failed(self, commands: int) -> None:
        """A batch was not answered: one that is too heavy never would be."""
        self.most = max(1, min(self.most, commands) // 2)
        self._doubles_upto = self.most
