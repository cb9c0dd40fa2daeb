"""What the guides name exists."""

import re
import subprocess
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.bicep.reading import Template, read
from lab.bicep.roles import GRANTS
from shared.settings.model import SECRETS, secret_name

ROOT = Path(__file__).resolve().parents[3]
GUIDES = ROOT / "docs" / "guides"
OURS = ("deployment", "cost", "security", "rotation", "privacy")


def guide(name: str) -> str:
    return (GUIDES / f"{name}.md").read_text(encoding="utf-8")


def shell_blocks(name: str) -> list[str]:
    """The indented blocks of a guide; fenced ones are files of other languages."""
    commands = re.sub(r"^```.*?^```$", "", guide(name), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"(?:^(?: {4}| {7}).*\n|^\n(?= {4}))+", commands, re.MULTILINE)


def quoted_twice(block: str) -> Iterator[tuple[int, str]]:
    """Where a double-quoted text of a shell block begins, and the text. Quotes in comments are none."""
    parts = re.finditer(r"""(?<!\S)#.*|\\.|'[^']*'|"((?:\\.|[^"\\])*)\"""", block)
    return ((one.start(), one[1]) for one in parts if one[1] is not None)


def of_main(kind: str) -> set[str]:
    found = read(ROOT / "infra" / "main.bicep", ROOT / "infra")
    assert isinstance(found, Template)
    return {one.name for one in found.declared(kind)}


@pytest.mark.parametrize("name", OURS)
def test_commands_of_a_guide_exist(name: str) -> None:
    text = guide(name)
    commands = set(re.findall(r"\./portage ([a-z-]+)", text))
    known = set(
        re.findall(r"^### `portage ([a-z-]+)`", (ROOT / "docs/reference/cli.md").read_text("utf-8"), re.MULTILINE)
    )
    assert commands <= known
    assert all(
        (ROOT / path).exists() for path in re.findall(r"`((?:infra|lab|shared)/[\w/.-]+\w)`", text) if "$" not in path
    )
    modules = re.findall(r"python -m (lab\.\w+)", text)
    assert all((ROOT / module.replace(".", "/") / "__main__.py").exists() for module in modules)


@pytest.mark.parametrize("name", ["deployment", "cost", "rotation", "privacy"])
def test_commands_of_a_guide_are_such_that_a_shell_reads_them(name: str) -> None:
    blocks = shell_blocks(name)
    assert blocks
    for block in blocks:
        read = subprocess.run(["bash", "-n"], input=textwrap.dedent(block).encode(), capture_output=True, check=False)
        assert read.returncode == 0, block


@pytest.mark.parametrize("name", sorted(page.stem for page in GUIDES.glob("*.md")))
def test_an_interactive_shell_takes_nothing_of_a_guide_for_its_history(name: str) -> None:
    for block in shell_blocks(name):
        taken = [start for start, text in quoted_twice(block) if "!" in text]
        assert not taken or -1 < block.find("set +H") < taken[0], block


@pytest.mark.parametrize("name", OURS)
def test_secrets_of_a_guide_are_called_as_the_app_calls_them(name: str) -> None:
    named = set(re.findall(r"--name (portage-[a-z0-9-]+)", guide(name)))
    assert named <= {secret_name(alias) for alias in SECRETS}


def test_outputs_that_the_guide_reads_are_outputs_of_main() -> None:
    assert set(re.findall(r"output ([A-Z_]+)", guide("deployment"))) <= of_main("output")


def test_parameters_that_the_guides_name_are_parameters_of_main() -> None:
    named = {word for name in OURS for word in re.findall(r"`([a-z]+[A-Z]\w+)`", guide(name))}
    assert named <= of_main("param")


def test_the_deployer_may_give_the_roles_that_the_template_gives() -> None:
    known = tomllib.loads((ROOT / "lab/bicep/roles.toml").read_text(encoding="utf-8"))["known"]
    [granted] = re.findall(r"GuidEquals \{(.+?)\}", guide("deployment"))
    assert set(granted.split(", ")) == set(known)


def test_the_table_of_roles_is_that_of_the_check() -> None:
    rows = re.findall(
        r"^\| (?:the app|secret officers|data officers)[^|]*\| ([A-Z][\w ]+) \|", guide("security"), re.MULTILINE
    )
    assert sorted(rows) == sorted(role for _, _, role in GRANTS)


def test_every_alert_has_its_first_look() -> None:
    rules = re.findall(
        r"^    name: '([a-z-]+)'$", (ROOT / "infra/modules/alerts.bicep").read_text("utf-8"), re.MULTILINE
    )
    told = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|", guide("deployment"), re.MULTILINE)
    assert set(rules) <= {name for cell in told for name in re.findall(r"[a-z-]+", cell)}


def test_the_costs_add_up() -> None:
    sums = []
    for table in re.split(r"\n\n", guide("cost")):
        total = 0.0
        for what, amount in re.findall(r"^\| (.+?) \|.*\| \**([\d.]+)\** \|$", table, re.MULTILINE):
            if what.startswith("**Sum"):
                sums.append((round(total, 2), float(amount)))
            else:
                total += float(amount)
    assert len(sums) == 4
    assert [counted for counted, _ in sums] == [told for _, told in sums]


def test_the_workflow_calls_what_exists() -> None:
    text = (ROOT / ".github/workflows/portage.yml").read_text(encoding="utf-8")
    targets = set(re.findall(r"run: make ([a-z]+)$", text, re.MULTILINE))
    assert targets <= set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {"check", "test"} <= targets
    stages = re.search(r"options: \[([a-z, ]+)\]", text)
    assert stages
    assert all((ROOT / f"infra/main.parameters.{stage}.json").exists() for stage in stages[1].split(", "))


def test_running_migrations_are_paused_before_and_resumed_after_a_deployment() -> None:
    text = (ROOT / ".github/workflows/portage.yml").read_text(encoding="utf-8")
    places = [
        text.index(one) for one in ("./portage pause", "config-zip", "./portage doctor", './portage resume "$run"')
    ]
    assert places == sorted(places)


def test_nobody_needs_a_password_to_deploy() -> None:
    text = (ROOT / ".github/workflows/portage.yml").read_text(encoding="utf-8")
    assert "id-token: write" in text
    assert "secrets." not in text
