"""The entities of a run as a table with bars, as wide as the terminal allows: full table, short table, or lines."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.run_status import COUNTS, EntityStatus
from cli.views.text import clean, number

_FULL_WIDTH = 118
_SHORT_WIDTH = 72
_BAR_WIDTH = 12
_LINES_PER_ENTITY = 2


class Progress:
    """Renders the entities of a run. ``most_lines`` limits the picture to a terminal's height; None shows all.

    ``dry`` says that nothing is written: what counts as imported would be.
    """

    def __init__(self, entities: Sequence[EntityStatus], *, dry: bool = False, most_lines: int | None = None) -> None:
        self._entities = entities
        self._dry = dry
        self._most_lines = most_lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """One of three layouts, by width."""
        entities, note = self._fitting(1 if options.max_width >= _SHORT_WIDTH else _LINES_PER_ENTITY)
        if options.max_width >= _FULL_WIDTH:
            yield _table(entities, COUNTS, dry=self._dry)
        elif options.max_width >= _SHORT_WIDTH:
            yield _table(entities, ("extracted", "imported"), dry=self._dry, rest=True)
        else:
            yield from _lines(entities, dry=self._dry)
        if note:
            yield Text(note)

    def _fitting(self, lines_each: int) -> tuple[Sequence[EntityStatus], str]:
        if self._most_lines is None or len(self._entities) * lines_each <= self._most_lines:
            return self._entities, ""
        busy = [entity for entity in self._entities if entity.begun and not entity.settled]
        shown = busy[: max(1, self._most_lines // lines_each)]
        settled = sum(entity.settled for entity in self._entities)
        waiting = len(self._entities) - len(busy) - settled
        return shown, f"not shown: {settled} done, {waiting} not begun, {len(busy) - len(shown)} under way"


def counts_line(counts: dict[str, int], *, dry: bool = False) -> str:
    """The counts that are not zero, in words; what was extracted and imported (``dry``: would be) always."""
    shown = {name: count for name, count in counts.items() if count or name in ("extracted", "imported")}
    return ", ".join(_counted(name, count, dry=dry) for name, count in shown.items())


def pages(entity: EntityStatus) -> str:
    """Pages done of pages known: ``12/40``, or ``12/?`` while their number is unknown."""
    return f"{number(entity.pages_done)}/{number(entity.pages_total)}"


def _table(entities: Iterable[EntityStatus], columns: Sequence[str], *, dry: bool, rest: bool = False) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("entity", no_wrap=True)
    table.add_column("pages", width=_BAR_WIDTH)
    table.add_column("", justify="right", no_wrap=True)
    for name in columns:
        table.add_column(_title(name, dry=dry), justify="right", no_wrap=True)
    if rest:
        table.add_column("and")
    for entity in entities:
        counts = [Text(number(entity.counts[name]), style=_style(name, entity.counts[name])) for name in columns]
        others = [_rest(entity, columns)] if rest else []
        table.add_row(Text(clean(entity.name)), _bar(entity), pages(entity), *counts, *others)
    return table


def _rest(entity: EntityStatus, columns: Sequence[str]) -> Text:
    others = {name: count for name, count in entity.counts.items() if count and name not in columns}
    return Text(", ".join(_counted(name, count, dry=False) for name, count in others.items()))


def _lines(entities: Iterable[EntityStatus], *, dry: bool) -> Iterator[RenderableType]:
    for entity in entities:
        yield Text(f"{clean(entity.name)}: {pages(entity)} pages")
        yield Text(f"  {counts_line(entity.counts, dry=dry)}")


def _bar(entity: EntityStatus) -> RenderableType:
    if entity.share is None:
        return Text("")
    return ProgressBar(total=1.0, completed=entity.share, width=_BAR_WIDTH)


def _title(count: str, *, dry: bool) -> str:
    return "would import" if dry and count == "imported" else count.replace("_", "-")


def _counted(name: str, count: int, *, dry: bool) -> str:
    title, value = _title(name, dry=dry), number(count)
    return f"{title} {value}" if dry and name == "imported" else f"{value} {title}"


def _style(name: str, count: int) -> str:
    return "red" if count and name in ("failed", "dead_lettered") else ""
