"""Following a run on a terminal: one picture that redraws itself."""

from datetime import datetime
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from cli.failures import Failure
from cli.run_status import RunStatus
from cli.views.run import away_line, run_view
from cli.views.text import clean

_LINES_AROUND_ENTITIES = 8


class Picture:
    """A Follower for a terminal. The picture vanishes at the end; what stays is one last status."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: RunStatus | None = None
        self._live = Live(console=console, transient=True, refresh_per_second=4)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        if self._status:
            self._console.print(run_view(self._status))

    def show(self, status: RunStatus) -> None:
        """Redraw."""
        self._status = status
        self._draw()

    def away(self, failure: Failure, since: datetime) -> None:
        """Keep the last picture and say below it that it is old."""
        self._draw(away_line(failure, since))

    def _draw(self, *notes: str) -> None:
        if self._status is None:
            self._live.update(Text(clean("\n".join(notes))))
            return
        most_lines = max(0, self._console.height - _LINES_AROUND_ENTITIES)
        self._live.update(run_view(self._status, notes=notes, most_lines=most_lines))
