"""What a failed seed leaves to look at: Azurite is in memory, so its tables are written down."""

import json
from pathlib import Path

from azure.data.tables import TableServiceClient

from lab.system import System

_LARGE = frozenset({"idmapbitrix24onprem"})


def keep_tables(system: System, file: Path) -> None:
    """Every row of every table but the id map, by table, as JSON."""
    with TableServiceClient.from_connection_string(system.storage) as tables:
        names = [table.name for table in tables.list_tables() if table.name not in _LARGE]
        rows = {name: [dict(row) for row in tables.get_table_client(name).list_entities()] for name in names}
    file.write_text(json.dumps(rows, indent=1, default=str, ensure_ascii=False), encoding="utf-8")
