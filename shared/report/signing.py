"""The sign-off: what the run comes to, and what a person has to accept by name before signing."""

from collections.abc import Iterator

from shared.model.json import JsonObject

_FINE = ("passed", "not_asked")

SIGNATORIES = ("Owner of the data", "Security officer", "Migration engineer")

AFTERWARDS = (
    "The webhooks by which the source was read are revoked.",
    "The gateway's code is changed and the old one revoked, within 24 hours of the cutover.",
    "Documentation and runbook are handed over.",
)
"""What no machine can see; whoever signs confirms it."""


def headline(proof: JsonObject) -> JsonObject:
    """``verdict`` is ``passed``, ``not_passed``, ``under_way`` or ``nothing_proven``; ``text`` says it in words."""
    if proof["mode"] == "dry_run":
        return _headline("nothing_proven", "A dry run writes nothing, and so proves nothing.")
    if proof["finished_at"] is None:
        return _headline("under_way", "The run has not ended. What follows is how it stands now.")
    if proof["rolled_back"]:
        undone = ", ".join(proof["rolled_back"])
        return _headline("nothing_proven", f"Rolled back, and so not proven any more: {undone}.")
    missed = [gate["gate"] for gate in proof["gates"] if gate["result"] not in _FINE]
    if missed:
        return _headline("not_passed", f"Not all gates are passed: {', '.join(missed)}.")
    if proof["passed"]:
        unasked = ", ".join(gate["gate"] for gate in proof["gates"] if gate["result"] == "not_asked")
        but = f" but those that were not asked about: {unasked}" if unasked else ""
        return _headline("passed", f"All gates that the plan sets are passed{but}.")
    return _headline("nothing_proven", "Nothing was proven in this run.")


def sign_off(document: JsonObject) -> JsonObject:
    """``to_accept``: one line each, with the name by which it is accepted. ``document`` is the report without this."""
    items = [{"name": name, "text": text} for name, text in _open_points(document)]
    return {"to_accept": items, "afterwards": _afterwards(document["cutover"]), "signatories": list(SIGNATORIES)}


def _afterwards(cutover: JsonObject | None) -> list[str]:
    """The checklist of the cutover, as far as it is open, where there is one."""
    if cutover is None:
        return list(AFTERWARDS)
    open_lines = [one for one in cutover["checklist"] if not one["done"]]
    due = [f"{one['what']}" + (f", until {one['due']}" if one["due"] else "") + "." for one in open_lines]
    return [*due, AFTERWARDS[-1]]


def _open_points(document: JsonObject) -> Iterator[tuple[str, str]]:
    proof, arrived = document["proof"], document["arrived"]
    for one in document["asked"]["private_data"]:
        yield f"private data: {one['option']}", f"was read, for {one['enabled_by']} asked for it"
    for gate in proof["gates"]:
        if gate["result"] != "passed":
            yield f"gate {gate['gate']}", f"{gate['result']}: {gate['detail']}"
    for name, entity in proof["entities"].items():
        if entity["verdict"] not in ("proven", None):
            yield f"{name}: {entity['verdict']}", "; ".join(entity["reasons"]) or "see the findings"
    for name, counts in arrived["entities"].items():
        yield from _counted(name, counts)
    yield from _against(document["cutover"])
    for name, fields in (document["fields"] or {}).items():
        if undecided := fields["undecided"]:
            named = ", ".join(one["field"] for one in undecided)
            yield f"{name}: fields nobody decided about", named
    for name, counts in document["flaws"]["counts"].items():
        told = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in counts.items() if count)
        if told:
            yield f"{name}: records that lack something", told


def _against(cutover: JsonObject | None) -> Iterator[tuple[str, str]]:
    """What the sheet of a cutover says against it, or leaves to be weighed."""
    if cutover is not None and cutover["of_this_run"]:
        for line in cutover["sheet"]:
            if line["says"] != "go":
                yield f"cutover: {line['check']}", f"{line['says'].replace('_', ' ')}: {line['detail']}"


def _counted(name: str, counts: JsonObject) -> Iterator[tuple[str, str]]:
    if counts["dead_lettered"]:
        yield f"{name}: dead letters", f"{counts['dead_lettered']} records were given up"
    if counts["open"]:
        yield f"{name}: open records", f"{counts['open']} were read and came to no end"


def _headline(verdict: str, text: str) -> JsonObject:
    return {"verdict": verdict, "text": text}
