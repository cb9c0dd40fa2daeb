"""What the documentation names is there: pages that it links to, files, and commands with their options."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperCommand, TyperGroup

from cli.app import app
from cli.defaulting import UNNAMED

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_INLINE = re.compile(r"`([^`]+)`")
_NAMED_PATH = re.compile(
    r"^(?:docs|tests|shared|connectors|plans|triggers|cli|infra|lab|gateway|composition)/[\w./-]+$"
)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_PORTAGE = re.compile(r"^(?:\./)?portage (?=[a-z])")


def _code(text: str) -> Iterator[str]:
    """Inline code, and the lines of blocks of code."""
    yield from (one.replace("\n", " ") for one in _INLINE.findall(re.sub(r"^( {4}|```).*$", "", text, flags=re.M)))
    fenced = False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        if fenced or line.startswith("    "):
            yield line.strip()


def _commands(text: str) -> Iterator[list[str]]:
    """The words of each call of the command line, without the first."""
    for code in _code(text):
        for call in re.split(r"&&|\|\||;", code):
            if _PORTAGE.match(call.strip()):
                yield shlex.split(call.strip().partition("  #")[0], comments=True)[1:]


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", re.sub(r"`", "", heading).lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    for link in _LINK.findall(page.read_text("utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page if not path else (page.parent / path).resolve()
        assert target.exists(), link
        if anchor:
            assert anchor in map(_anchor, _HEADING.findall(target.read_text("utf-8"))), link


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_paths_that_are_named_exist(page: Path) -> None:
    named = [one for one in _code(page.read_text("utf-8")) if _NAMED_PATH.match(one)]
    assert [one for one in named if not (ROOT / one).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_and_their_options_exist(page: Path) -> None:
    portage = typer.main.get_command(app)
    assert isinstance(portage, TyperGroup)
    everywhere = {name for option in portage.params for name in option.opts}
    for words in _commands(page.read_text("utf-8")):
        command = portage.commands.get(words[0])
        if isinstance(command, TyperGroup):
            named = words[1] if len(words) > 1 and words[1] in command.commands else UNNAMED
            command = command.commands[named]
        assert isinstance(command, TyperCommand), words
        known = {name for option in command.params for name in option.opts} | everywhere | {"--help"}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known, words


def test_every_page_is_in_the_index_of_the_documentation() -> None:
    index = (ROOT / "docs/README.md").read_text("utf-8")
    linked = {(ROOT / "docs" / link.partition("#")[0]).resolve() for link in _LINK.findall(index)}
    own_index = [ROOT / "docs/adr", ROOT / "docs/runbook"]
    pages = {page for page in (ROOT / "docs").rglob("*.md") if page.parent not in own_index}
    assert pages - linked - {ROOT / "docs/README.md"} == set()
    assert {folder / "README.md" for folder in own_index} <= linked


@pytest.mark.parametrize("folder", ["docs/adr", "docs/runbook"])
def test_every_page_of_a_folder_is_in_its_index(folder: str) -> None:
    index = (ROOT / folder / "README.md").read_text("utf-8")
    linked = {link.partition("#")[0] for link in _LINK.findall(index)}
    assert {page.name for page in (ROOT / folder).glob("*.md")} - linked - {"README.md"} == set()
