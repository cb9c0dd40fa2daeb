"""A cutover: where users work, the go / no-go sheet, what is left to do, and who did what."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.views.text import clean
from shared.model.json import Json, JsonObject, as_list, as_map

_STYLES = {"go": "green", "no_go": "bold red", "attention": "yellow"}


def cutover_view(told: JsonObject) -> RenderableType:
    """The verdict last."""
    parts: list[RenderableType] = [_line(f"cutover of {told.get('plan')}: {_words(told.get('state'))}")]
    parts.append(_line(f"users work at the {told.get('users_work_at')}"))
    parts.append(_sheet(as_list(told.get("sheet"))))
    if told.get("state") not in ("not_begun", "cancelled"):
        parts.append(_checklist(as_list(told.get("checklist"))))
    parts += [_event(as_map(one)) for one in as_list(told.get("events"))]
    parts.append(_line("nothing speaks against the switch" if told.get("go") else "the sheet says no"))
    return Group(*parts)


def _sheet(lines: list[Json]) -> Table:
    table = _table("check", "says", "why")
    for one in map(as_map, lines):
        says = str(one.get("says"))
        table.add_row(
            _line(one.get("check")), Text(clean(_words(says)), style=_STYLES.get(says, "")), _line(one.get("detail"))
        )
    return table


def _checklist(lines: list[Json]) -> Table:
    table = _table("item", "due", "done", "what")
    for one in map(as_map, lines):
        due = f"{one.get('due') or 'after the switch'}{' OVERDUE' if one.get('overdue') else ''}"
        table.add_row(_line(one.get("item")), _line(due), _line("yes" if one.get("done") else ""), _line(one["what"]))
    return table


def _event(one: JsonObject) -> Text:
    about, note = (f" {one.get('about')}" if one.get("about") else ""), (f": {one['note']}" if one.get("note") else "")
    return _line(f"{one.get('at')} {one.get('by')}: {one.get('action')}{about}{note}")


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title)
    return table


def _line(text: Json) -> Text:
    return Text(clean(text))


def _words(name: Json) -> str:
    return str(name).replace("_", " ")
