"""The table ``codes.toml``: codes of the source that have other names in the target."""

from collections.abc import Mapping
from typing import Any

from shared.transform.tables import Table, TableError

KINDS: Mapping[str, tuple[str, ...]] = {
    "company": ("company_type", "industry"),
    "contact": ("type_code",),
    "deal": ("category_id", "stage_id", "type_code", "source_code"),
    "smart_process_item": ("entity_type_id", "category_id", "stage_id"),
    "workflow_template": ("document_type",),
}


def read_codes(document: Mapping[str, Any]) -> Mapping[str, Table]:
    """``[deal.stage_id]`` with ``"C1:NEW" = "C7:NEW"``: by entity, kind and source code. Raises TableError."""
    for entity, kinds in document.items():
        known = KINDS.get(entity, ())
        if not isinstance(kinds, dict) or (strange := kinds.keys() - set(known)):
            place = entity if not isinstance(kinds, dict) else f"{entity}.{min(strange)}"
            there = [f"{one}.{kind}" for one in KINDS for kind in KINDS[one]]
            raise TableError(f"[{place}]: there are {', '.join(there)}")
        for kind, codes in kinds.items():
            if not isinstance(codes, dict) or not all(isinstance(one, str) and one for one in codes.values()):
                raise TableError(f'[{entity}.{kind}]: expected codes as text, such as "1" = "7"')
    return {entity: Table(kinds) for entity, kinds in document.items()}
