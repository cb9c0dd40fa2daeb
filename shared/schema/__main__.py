"""``python -m shared.schema [folder]`` writes the published schemas, by default to ``docs/reference/schemas``."""

import sys
from pathlib import Path

from shared.schema.publishing import documents

_PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "schemas"


def main(folder: Path) -> None:
    """Write ``<entity>.json`` for every entity; others that lie there go."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {folder / f"{entity}.json": text for entity, text in documents()}
    for stale in set(folder.glob("*.json")) - written.keys():
        stale.unlink()
    for path, text in written.items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else _PUBLISHED)
