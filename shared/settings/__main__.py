"""``python -m shared.settings`` writes ``docs/reference/settings.md``."""

from pathlib import Path

from shared.settings.reference import markdown

if __name__ == "__main__":
    (Path(__file__).parents[2] / "docs" / "reference" / "settings.md").write_text(markdown(), "utf-8")
