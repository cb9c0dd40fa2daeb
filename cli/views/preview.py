"""What a run would do: entities with their counts and calls, totals, findings by severity."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.views.text import clean, duration, number, size
from shared.model.json import Json, JsonObject, as_list, as_map

_BLOCKER = "blocker"
_STYLES = {_BLOCKER: "bold red", "warning": "yellow", "info": "bold"}
_HOUR = 3600


def is_blocked(preview: JsonObject) -> bool:
    """Whether something stands in the way of a run."""
    return any(as_map(one).get("severity") == _BLOCKER for one in as_list(preview.get("findings")))


def preview_view(preview: JsonObject) -> RenderableType:
    """The table of entities; below it totals and findings, the gravest last, where they are read first."""
    findings = [as_map(one) for one in as_list(preview.get("findings"))]
    told = [line for severity in reversed(_STYLES) for line in _findings(severity, findings)]
    return Group(_entities(as_list(preview.get("entities"))), Text(""), *_totals(as_map(preview.get("totals"))), *told)


def _entities(entities: list[Json]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("entity")
    for title in ("records", "calls", "writes"):
        table.add_column(title, justify="right")
    table.add_column("", overflow="fold")
    for item in entities:
        entity = as_map(item)
        about = "~" if entity.get("estimated") else ""
        cells = (
            entity.get("name", "?"),
            f"{about}{number(entity.get('count'))}",
            number(entity.get("calls")),
            "-" if entity.get("target_calls") is None else number(entity["target_calls"]),
            entity.get("count_note") or "",
        )
        table.add_row(*(Text(clean(cell)) for cell in cells))
    return table


def _totals(totals: JsonObject) -> Iterator[Text]:
    known = "at least " if totals.get("incomplete") else ""
    source, target, proof = (number(totals.get(f"{name}_calls")) for name in ("source", "target", "proof"))
    calls = f"{source} calls to the source, {target} to write, {proof} to prove it"
    yield Text(f"total: {known}{number(totals.get('records'))} records; {calls}")
    reading, writing = (_time(totals.get(name)) for name in ("source_hours", "target_hours"))
    yield Text(f"time: {known}{_time(totals.get('hours'))} (reading {reading}, writing {writing}, at once)")
    media = totals.get("media_bytes")
    files = "" if media is None else f"; files: about {size(media)} ({clean(totals.get('media_note'))})"
    yield Text(f"storage: about {size(totals.get('stored_bytes'))}{files}")
    if incomplete := as_list(totals.get("incomplete")):
        yield Text(clean(f"not in the totals: {', '.join(map(str, incomplete))}"))


def _time(hours: Json) -> str:
    return duration(float(hours) * _HOUR) if isinstance(hours, int | float) else "?"


def _findings(severity: str, findings: list[JsonObject]) -> Iterator[Text]:
    chosen = [one for one in findings if one.get("severity") == severity]
    if not chosen:
        return
    yield Text(f"\n{severity}{'' if severity == 'info' else 's'}:", style=_STYLES[severity])
    for one in chosen:
        yield Text(clean(f"  {one.get('message', '?')}"))
        if one.get("fix"):
            yield Text(clean(f"    {'fix' if severity != 'info' else 'hint'}: {one['fix']}"))
