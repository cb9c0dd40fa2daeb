"""The operator's tables of the demo: what the simulated portal's custom fields are, and which of them travel."""

import tomllib
from pathlib import Path

TABLES = Path(__file__).parent
"""The folder that the app reads them from."""


def travelling() -> dict[str, frozenset[str]]:
    """By entity: codes in the target of the custom fields that travel."""
    rows = tomllib.loads((TABLES / "custom_fields.toml").read_text("utf-8"))["field"]
    wanted = [row for row in rows if row.get("included", True)]
    return {
        entity: frozenset(row.get("target", row["source"]) for row in wanted if row["entity"] == entity)
        for entity in {row["entity"] for row in wanted}
    }
