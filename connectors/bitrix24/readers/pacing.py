"""How many commands a batch may hold so that the portal answers in time."""

from dataclasses import dataclass

from connectors.bitrix24.transport import MOST_COMMANDS

_FIRST = 10
_AIM_SECONDS = 5.0
"""How long one call should take: far below the portal's 60 s."""


@dataclass(slots=True)
class Pacing:
    """``most`` commands for the next batch; learnt from those before."""

    most: int = _FIRST

    def took(self, seconds: float, commands: int) -> None:
        """A batch was answered."""
        fitting = int(_AIM_SECONDS * commands / max(seconds, 0.001))
        self.most = max(1, min(self.most * 2, fitting, MOST_COMMANDS))

    def failed(self, commands: int) -> None:
        """A batch was not answered: one that is too heavy never would be."""
        self.most = max(1, min(self.most, commands) // 2)
