"""Records that failed for good: one by one, and what they have in common."""

import shlex
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from cli.views.text import clean, number
from shared.model.json import Json, JsonObject, as_list, as_map

_TOP = 3


def letters_view(items: Sequence[Json]) -> RenderableType:
    """A line for each record: which one, and why."""
    return Group(*(_letter(as_map(item)) for item in items))


def causes_view(items: Sequence[Json]) -> RenderableType:
    """Two or three lines for each cause: how many, what, an example, and what helps."""
    return Group(*(line for item in items for line in _cause(as_map(item))))


def top_causes_view(run_id: str, items: Sequence[Json]) -> RenderableType:
    """The most frequent causes, and where the others are."""
    left = len(items) - _TOP
    more = f"{number(left)} more causes" if left > 1 else "1 more cause" if left == 1 else "the records"
    flag = " --causes" if left > 0 else ""
    return Group(
        Text("why records failed:", style="bold"),
        causes_view(items[:_TOP]),
        Text(clean(f"{more}: portage dead-letters {run_id}{flag}")),
    )


def next_line(run_id: str, page: Json, limit: int | None) -> str:
    """The command for the page that follows; empty at the end."""
    place = as_map(page).get("next")
    size = f" --limit {limit}" if limit else ""
    return f"more: portage dead-letters {run_id}{size} --after {shlex.quote(place)}" if isinstance(place, str) else ""


def requeued_lines(told: JsonObject, *, dry_run: bool) -> list[str]:
    """How many letters go again, or would; where; and which ids nobody knows."""
    count, waiting, runs = told.get("requeued"), told.get("waiting"), as_list(told.get("runs"))
    many = "all these dead letters, which are too many to count at once,"
    what = f"{number(count)} dead letter{'' if count == 1 else 's'}" if isinstance(count, int) else many
    among = f", {number(waiting)} of them for want of others" if isinstance(waiting, int) and waiting else ""
    would = ("would go" if dry_run else "go") if count != 1 or dry_run else "goes"
    lines = [f"{what} {would} again{among}"]
    lines += [f"in run {run}{'' if dry_run else f'; watch it with: portage status {run} --watch'}" for run in runs]
    lines += [f"not found: {one}" for one in as_list(told.get("unknown"))]
    return lines


def nothing_line(*, ids: bool, cause: str | None, run_id: str | None) -> str:
    """That no letter goes again, and where to look: there is none that was named so, or it is settled."""
    if ids:
        return "nothing goes again: none of these is a dead letter now; what was requeued and went in is settled"
    of = " of ".join([*([f"cause {cause}"] if cause else []), *([f"run {run_id}"] if run_id else [])])
    look = f"portage dead-letters {run_id} --causes" if run_id else "portage dead-letters RUN_ID --causes"
    return f"nothing goes again: there is no dead letter of {of} that could; look with: {look}"


def _letter(letter: JsonObject) -> Text:
    return Text(clean(f"{letter.get('entity', '?')} {letter.get('source_id', '?')}: {_why(letter)}"))


def _cause(cause: JsonObject) -> list[Text]:
    count = cause.get("count")
    shown = number(count) if isinstance(count, int) else "?"
    lines = [
        f"  {shown} x {cause.get('entity', '?')}: {_why(cause)}",
        f"      for example {cause.get('entity', '?')} {cause.get('example_id', '?')}",
        f"      hint: {cause.get('hint')}" if cause.get("hint") else "",
        f"      again: portage dead-letters requeue --cause {cause.get('cause')}" if cause.get("cause") else "",
    ]
    return [Text(clean(line)) for line in lines if line]


def _why(item: JsonObject) -> str:
    """``reason, field: message``, as far as they are known."""
    what = ", ".join(str(item[name]) for name in ("reason", "field") if item.get(name))
    return f"{what or '?'}: {item.get('message') or '?'}"
