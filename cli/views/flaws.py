"""What lacks of records that went in all the same, one by one."""

import shlex
from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from cli.views.text import clean
from shared.model.json import Json, JsonObject, as_map


def flaws_view(items: Sequence[Json]) -> RenderableType:
    """A line for each: which record, what is wrong with it, and why."""
    return Group(*(Text(clean(_flaw(as_map(item)))) for item in items))


def next_line(run_id: str, page: Json, wanted: Mapping[str, str | None]) -> str:
    """The command for the page that follows; empty at the end. ``wanted`` are the options of this one."""
    place = as_map(page).get("next")
    options = "".join(f" --{name} {shlex.quote(value)}" for name, value in wanted.items() if value)
    return f"more: portage flaws {run_id}{options} --after {shlex.quote(place)}" if isinstance(place, str) else ""


def _flaw(flaw: JsonObject) -> str:
    record = " ".join(str(flaw[name]) for name in ("entity", "source_id") if flaw.get(name))
    what = ", ".join(str(flaw[name]) for name in ("kind", "reason", "field") if flaw.get(name))
    return f"{record or '?'}: {what or '?'}: {flaw.get('message') or '?'}"
