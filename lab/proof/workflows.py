"""Workflow templates (API facts §4.6)."""

import re
from typing import Any

from lab.proof.record import Record
from lab.proof.sides import Json

_USER = re.compile(r"user_(\d+)$")
_TREES = {"template": "TEMPLATE", "parameters": "PARAMETERS", "variables": "VARIABLES", "constants": "CONSTANTS"}
_GONE = object()


def template(record: Record, row: Json) -> None:
    """``bizproc.workflow.template.list``. Users deep in the trees are the target's."""
    record.line("name", row["NAME"])
    record.value("module_id", row["MODULE_ID"])
    record.value("entity", row["ENTITY"])
    record.value("document_type", row["DOCUMENT_TYPE"])
    record.value("auto_execute", int(row["AUTO_EXECUTE"]))
    record.instant("modified_at", row["MODIFIED"])
    record.link("author_id", "user", row["USER_ID"])
    for name, given in _TREES.items():
        record.value(name, _renamed(record, row[given]) or None)


def _renamed(record: Record, tree: Any) -> Any:
    """Who is not in the target is missing from lists, and null elsewhere."""
    if isinstance(tree, dict):
        return {key: None if (one := _renamed(record, value)) is _GONE else one for key, value in tree.items()}
    if isinstance(tree, list):
        return [one for value in tree if (one := _renamed(record, value)) is not _GONE]
    if not isinstance(tree, str) or (match := _USER.match(tree)) is None:
        return tree
    target = record.proof.resolve("user", match[1])
    record.result.links += target is not None
    return _GONE if target is None else f"user_{target}"
