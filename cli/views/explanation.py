"""The life of one record, in the order in which it came about."""

import json
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.views.text import clean
from shared.model.json import Json, JsonObject, as_list, as_map

_LONGEST = 60


def explanation_view(told: JsonObject) -> RenderableType:
    """Everything about one record, section by section; empty ones are left out."""
    parts: list[RenderableType] = [Text(clean(_headline(told)), style="bold")]
    parts += _lines(_place(told))
    if steps := as_list(told.get("steps")):
        parts += [_title("how it comes about"), _steps(steps)]
    if why := as_map(told.get("refused")):
        parts += _lines([f"it cannot go in: {why.get('reason')}: {why.get('message')}"])
    if references := as_list(told.get("references")):
        parts += [_title("what it refers to"), *_lines(_reference(as_map(one)) for one in references)]
    parts += [_title("the target now"), *_target(as_map(told.get("target")))]
    if letters := as_list(told.get("dead_letters")):
        parts += [_title("dead letters"), *_lines(_letter(as_map(one)) for one in letters)]
    if history := as_list(told.get("history")):
        parts += [_title("runs, the newest first"), *_lines(_run(as_map(one)) for one in history)]
    if told.get("complete") is False:
        parts += _lines(["there are more runs, or larger ones, than were looked through"])
    return Group(*parts, Text(""), Text(clean(told.get("masking") or ""), style="dim"))


def _title(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _lines(lines: Iterator[str] | list[str]) -> list[RenderableType]:
    return [Text(clean(line)) for line in lines]


def _headline(told: JsonObject) -> str:
    return f"{told.get('entity')} {told.get('source_id')} of {told.get('plan')}"


def _place(told: JsonObject) -> Iterator[str]:
    entry, raw = as_map(told.get("id_map")), as_map(told.get("raw"))
    if entry:
        what = "made up" if entry.get("made_up") else entry.get("action")
        within = f", within {entry['within']}" if entry.get("within") else ""
        place = f"{entry.get('target_id')}{within}"
        yield f"in the target as {place}: {what} by {entry.get('run_id')}, page {entry.get('page')}"
    else:
        yield "not in the target, as far as the id map knows"
    if raw:
        yield f"read by {raw.get('run_id')}, page {raw.get('page')}: {raw.get('raw_blob')}"
        if raw.get("data") is None:
            yield "its rows are lost"


def _steps(steps: list[Json]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("field", "by", "before", "after"):
        table.add_column(name, overflow="fold")
    for step in map(as_map, steps):
        before = ", ".join(f"{name}={_short(value)}" for name, value in as_map(step.get("before")).items())
        after = _after(step)
        table.add_row(*(clean(cell) for cell in (step.get("field"), step.get("by"), before, after)))
    return table


def _after(step: JsonObject) -> str:
    if step.get("refused"):
        return f"refused: {step['refused']}"
    made, resolved = _short(step.get("after")), _short(step.get("resolved"))
    flaws = "; ".join(map(str, as_list(step.get("flaws"))))
    shown = made if made == resolved else f"{made} -> {resolved}"
    return f"{shown} ({flaws})" if flaws else shown


def _reference(one: JsonObject) -> str:
    target = one.get("target_id")
    needed = ", required" if one.get("required") else ""
    return f"{one.get('entity')} {one.get('source_id')}: {target if target else one.get('state')}{needed}"


def _target(target: JsonObject) -> list[RenderableType]:
    if error := as_map(target.get("error")):
        return _lines([f"could not be asked: {error.get('reason')}: {error.get('message')}"])
    if not target.get("found"):
        return _lines(["does not have it"])
    if target.get("same"):
        return _lines([f"has it as {target.get('target_id')}, as an import would make it"])
    differences = [as_map(one) for one in as_list(target.get("differences"))]
    lines = [
        f"{one.get('field')}: has {_short(one.get('found'))}, not {_short(one.get('expected'))}" for one in differences
    ]
    return _lines([f"has it as {target.get('target_id')}", *lines])


def _letter(letter: JsonObject) -> str:
    why = ": ".join(str(letter[name]) for name in ("reason", "field", "message", "hint") if letter.get(name))
    return f"{letter.get('run_id')}: {why}"


def _run(run: JsonObject) -> str:
    rows = [as_map(row) for row in as_list(run.get("rows"))]
    pages = ", ".join(f"{row.get('stage')} {row.get('page')}" for row in rows)
    attempts = sum(int(row.get("attempts") or 0) for row in rows)
    again = f", {attempts} attempts broke off" if attempts else ""
    outcome = run.get("outcome") or "nothing came of it yet"
    return f"{run.get('run_id')} ({run.get('mode')}, {run.get('state')}): {outcome}; {pages}{again}"


def _short(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
