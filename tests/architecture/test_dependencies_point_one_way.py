"""The import rules of the architecture, read from the source with ``ast``."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TOP_LEVEL = {
    "activities",
    "cli",
    "composition",
    "connectors",
    "function_app",
    "gateway",
    "lab",
    "orchestrators",
    "plans",
    "shared",
    "triggers",
}

MAY_IMPORT: dict[str, set[str]] = {
    "shared/model": {"shared.model"},
    "shared/ports": {"shared.model", "shared.ports"},
    "shared/transform": {"shared.model", "shared.transform"},
    "shared/http": {"shared.model", "shared.ports", "shared.http"},
    "shared/media": {"shared.model", "shared.ports", "shared.http", "shared.media"},
    "shared/schema": {"shared.model", "shared.schema"},
    "shared/engine": {"shared.model", "shared.ports", "shared.transform", "shared.engine"},
    "shared/report": {"shared.model", "shared.ports", "shared.transform", "shared.engine", "shared.report"},
    "shared/storage": {"shared.model", "shared.ports", "shared.settings", "shared.storage"},
    "shared/settings": {"shared.settings"},
    "shared/telemetry": {"shared.model", "shared.ports", "shared.http", "shared.telemetry"},
    "connectors/bitrix24": {"shared.model", "shared.ports", "shared.http", "shared.media", "connectors.bitrix24"},
    "connectors/import_gateway": {"shared.model", "shared.ports", "shared.http", "connectors.import_gateway"},
    "plans": {"shared.model", "shared.transform", "plans"},
    "orchestrators": {"shared.model", "orchestrators"},
    "activities": {"shared", "composition", "orchestrators.contract", "activities"},
    "triggers": {"shared", "composition", "orchestrators.contract", "triggers"},
    "composition": {"shared", "connectors", "plans", "composition"},
    "cli": {"cli", "shared.model"},
    "gateway": {"gateway"},
    "function_app.py": {"activities", "composition", "orchestrators", "triggers"},
    "lab": {"lab", "shared.settings", "shared.transform.text"},  # the bench measures texts by themselves
    "lab/devhost": {"lab.devhost"},
    "lab/simulators": {"lab.simulators"},
    "lab/azurite": {"lab.azurite"},
    "lab/faults": {"lab.faults"},
}

STANDARD_ONLY = ("shared/model",)
NO_VENDOR = ("shared/model", "shared/ports", "shared/engine", "shared/transform", "orchestrators", "plans")
VENDORS = ("azure", "httpx", "aiohttp", "opencensus", "starlette", "typer", "rich")


ENGINE = (
    {"budgets", "delta"},
    {"archive", "pages"},
    {"runs"},
    {"extraction", "importing"},
    {"dead_letters", "proof", "undo"},
    {"cutover", "deletions", "explaining"},
)
"""Packages of the engine, lowest first: one imports those of lower floors and itself."""

PACKED = ("connectors", "shared")
"""Packages that hold nothing but packages, each with a rule of its own."""


def _files(place: str) -> Iterator[Path]:
    found = (ROOT / place).rglob("*.py") if (ROOT / place).is_dir() else iter([ROOT / place])
    return (path for path in found if path.exists() and "node_modules" not in path.parts)


def _packages(folder: Path) -> set[str]:
    return {path.parent.name for path in folder.glob("*/__init__.py")}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def _within(module: str, allowed: set[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_package_imports_only_what_the_architecture_allows(folder: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in _files(folder)
        for module in _imports(path)
        if module.split(".")[0] in TOP_LEVEL and not _within(module, MAY_IMPORT[folder])
    ]
    assert not wrong


def test_the_engine_is_built_in_floors() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for number, floor in enumerate(ENGINE)
        for package in floor
        for path in _files(f"shared/engine/{package}")
        for module in _imports(path)
        for above in [{other for higher in ENGINE[number:] for other in higher} - {package}]
        if _within(module, {f"shared.engine.{other}" for other in above})
    ]
    assert not wrong


def test_every_package_of_the_engine_has_its_floor() -> None:
    assert _packages(ROOT / "shared/engine") == {package for floor in ENGINE for package in floor}


def test_every_package_has_a_rule() -> None:
    inside = {f"{outer}/{name}" for outer in PACKED for name in _packages(ROOT / outer)}
    modules = {path.name for path in ROOT.glob("*.py")}
    assert ((_packages(ROOT) - set(PACKED)) | inside | modules) - MAY_IMPORT.keys() == set()


def test_a_package_of_packages_has_no_module_of_its_own() -> None:
    modules = {path.relative_to(ROOT).as_posix() for outer in PACKED for path in (ROOT / outer).glob("*.py")}
    assert modules == {f"{outer}/__init__.py" for outer in PACKED}


def test_every_package_at_the_top_is_one_that_the_rules_know() -> None:
    assert _packages(ROOT) | {path.stem for path in ROOT.glob("*.py")} == TOP_LEVEL


@pytest.mark.parametrize("place", MAY_IMPORT)
def test_every_rule_is_about_modules_that_exist(place: str) -> None:
    assert [path for path in _files(place) if path.read_bytes().strip()]


@pytest.mark.parametrize("folder", NO_VENDOR)
def test_the_core_imports_no_vendor(folder: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in _files(folder)
        for module in _imports(path)
        if module.split(".")[0] in VENDORS
    ]
    assert not wrong


def test_nothing_of_the_product_depends_on_the_lab() -> None:
    product = (
        "shared",
        "connectors",
        "plans",
        "orchestrators",
        "activities",
        "triggers",
        "composition",
        "gateway",
        "cli",
    )
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for folder in product
        for path in _files(folder)
        for module in _imports(path)
        if module.split(".")[0] == "lab"
    ]
    assert not wrong


@pytest.mark.parametrize("word", ["utils", "helpers", "manager", "common", "misc"])
def test_no_module_has_a_name_that_says_nothing(word: str) -> None:
    folders = (*TOP_LEVEL - {"function_app"}, "tests")
    assert not [str(path) for folder in folders for path in _files(folder) if path.stem == word]
