"""The proof of a run: entities with their figures and verdicts, what was found, and the gates."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.deletions import Gone, deletion_lines
from cli.views.text import clean, number
from shared.model.json import Json, JsonObject, as_list, as_map

_COLUMNS = {
    "source": "extracted",
    "verified": "verified",
    "differ": "differing",
    "missing": "missing",
    "absent": "absent",
    "orphans": "orphaned",
    "extra": "extra",
    "foreign": "foreign",
    "sampled": "sampled",
}
"""Titles, and the figures below them."""

_STYLES = {
    "proven": "green",
    "passed": "green",
    "differs": "bold red",
    "failed": "bold red",
    "unverified": "bold yellow",
    "not_readable": "yellow",
    "not_asked": "yellow",
}


def proof_view(proof: JsonObject) -> RenderableType:
    """The table of entities; below it the findings, then the gates, and the verdict last."""
    entities = as_map(proof.get("entities"))
    named = ((str(name), as_map(one)) for name, one in entities.items())
    run_id = clean(str(proof.get("run_id")))
    found = [line for name, one in named for line in _found(run_id, name, one)]
    gone = {str(name): Gone.parse(as_map(one).get("deleted_at_source")) for name, one in entities.items()}
    found += [Text(clean(line)) for line in deletion_lines(gone)]
    gates = [_gate(as_map(one)) for one in as_list(proof.get("gates"))]
    return Group(
        *([_table(entities, as_list(proof.get("rolled_back")))] if entities else []), *found, *gates, _verdict(proof)
    )


def _table(entities: JsonObject, undone: list[Json]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("entity")
    for title in _COLUMNS:
        table.add_column(title, justify="right")
    table.add_column("verdict")
    for name, item in entities.items():
        figures, verdict = as_map(as_map(item).get("figures")), as_map(item).get("verdict")
        none = "rolled back" if name in undone else "under way"
        counts = (Text(number(figures.get(figure))) for figure in _COLUMNS.values())
        table.add_row(Text(clean(name)), *counts, _styled(verdict or none))
    return table


def _found(run_id: str, name: str, entity: JsonObject) -> Iterator[Text]:
    for reason in as_list(entity.get("reasons")):
        yield Text(clean(f"{name}: {reason}"))
    for item in as_list(entity.get("findings")):
        yield Text(finding_line(name, as_map(item)))
    if more := entity.get("more"):
        yield Text(f"{clean(name)}: and {number(more)} more; all of them: portage verify {run_id} --findings")


def finding_line(name: str, finding: JsonObject) -> str:
    """One finding of an entity, in words."""
    target = f"target id {finding.get('target_id')}"
    record = finding.get("source_id") or target
    values = (finding.get("expected"), finding.get("found"))
    compared = f" (expected {_value(values[0])}, found {_value(values[1])})" if any(values) else ""
    return clean(f"{name} {record}: {finding.get('kind')}: {finding.get('message')}{compared}")


def _value(value: Json) -> str:
    return "nothing" if value is None else str(value)


def _gate(gate: JsonObject) -> Text:
    line = Text("gate ")
    line.append(clean(f"{gate.get('gate')}: "))
    line.append_text(_styled(gate.get("result")))
    line.append(clean(f" ({gate.get('detail')}; wanted {gate.get('wanted')}, found {gate.get('found')})"))
    return line


def _styled(word: Json) -> Text:
    return Text(clean(str(word).replace("_", " ")), style=_STYLES.get(str(word), ""))


def _verdict(proof: JsonObject) -> Text:
    run = f"run {proof.get('run_id')}"
    if not as_map(proof.get("entities")):
        return Text(clean(f"{run}: nothing is proven in a run of mode {proof.get('mode')}"))
    if not proof.get("finished_at"):
        return Text(clean(f"{run}: still at work"))
    if undone := as_list(proof.get("rolled_back")):
        return Text(clean(f"{run}: nothing is proven any more, for it was rolled back: {', '.join(map(str, undone))}"))
    gates = map(as_map, as_list(proof.get("gates")))
    unasked = ", ".join(str(gate.get("gate")) for gate in gates if gate.get("result") == "not_asked")
    but = f" but those not asked about: {unasked}" if unasked else ""
    told = {
        True: f"all gates are passed{but}",
        False: "not all gates are passed",
        None: "nothing is proven, for there was nothing to read back",
    }
    return Text(clean(f"{run}: {told.get(proof.get('passed'))}"))
