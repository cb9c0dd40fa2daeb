"""The reference page of the settings."""

import re
from pathlib import Path

from shared.settings.model import ALIASES
from shared.settings.reference import OTHERS, markdown

ROOT = Path(__file__).parents[3]
READERS = ("activities", "cli", "composition", "connectors", "gateway", "lab", "shared", "triggers")
NAME = re.compile(r"""["']((?:PORTAGE|GATEWAY)_(?!DEVHOST_)[A-Z0-9_]*[A-Z0-9])["']""")
"""But those of the local host, which has a page of its own."""


def test_the_page_is_the_one_that_the_settings_make() -> None:
    kept = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    assert kept == markdown(), "run: python -m shared.settings"


def test_every_setting_that_any_code_reads_stands_on_the_page() -> None:
    files = (path for folder in READERS for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts)
    read = {name for path in files for name in NAME.findall(path.read_text("utf-8"))}
    assert read - ALIASES - {name for group in OTHERS.values() for name in group} == set()


def test_the_page_names_no_setting_twice_in_one_table() -> None:
    assert not ALIASES & {name for group in OTHERS.values() for name in group}
