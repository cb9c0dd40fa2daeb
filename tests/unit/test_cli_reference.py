"""The help and the reference page of the command line."""

import pytest

from cli.exits import ExitCode
from cli.reference import markdown
from tests.unit.api_stand_in import ROOT, portage


def test_the_reference_is_the_one_that_the_commands_make() -> None:
    kept = (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8")
    assert kept == markdown(), "run: python -m cli.reference > docs/reference/cli.md"


@pytest.mark.parametrize("code", ExitCode)
def test_the_help_names_every_exit_code(code: ExitCode) -> None:
    assert f"{code.value}  {code.meaning}" in portage("--help").stdout


@pytest.mark.parametrize(
    "command", ["plans", "plan", "run", "status", "pause", "resume", "cancel", "dead-letters", "flaws", "doctor"]
)
def test_every_command_explains_itself_without_an_api(command: str) -> None:
    assert portage(command, "--help").exit_code == 0
