"""What infra/ names exists in the code, under that name."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lab.bicep.reading import Template, read
from plans.loading import plan_names
from shared.model import messages
from shared.ports.telemetry import Metric
from shared.settings.model import ALIASES, ELSEWHERE, SECRETS
from shared.telemetry import catalogue

INFRA = Path(__file__).resolve().parents[3] / "infra"
STAGES = sorted(INFRA.glob("main.parameters*.json"))

METRIC = re.compile(r"portage\.[a-z_]+")
LABEL = re.compile(r"customDimensions\.(\w+)")


def of_stage(path: Path, name: str) -> Any:
    given = json.loads(path.read_text(encoding="utf-8"))["parameters"]
    return given[name]["value"] if name in given else None


def template(name: str) -> Template:
    found = read(INFRA / name, INFRA)
    assert isinstance(found, Template)
    return found


def metrics() -> dict[str, Metric]:
    return {one.name: one for one in vars(catalogue).values() if isinstance(one, Metric)}


def queries() -> list[str]:
    rules = re.findall(r"query: '''(.*?)'''", (INFRA / "modules/alerts.bicep").read_text(encoding="utf-8"), re.DOTALL)
    items = json.loads((INFRA / "workbook.json").read_text(encoding="utf-8"))["items"]
    return [*rules, *(item["content"]["query"] for item in items if item["type"] == 3)]


def functions() -> set[str]:
    sources = [path.read_text(encoding="utf-8") for path in (INFRA.parent / "triggers").glob("*.py")]
    return {name for source in sources for name in re.findall(r'function_name\("(\w+)"\)', source)}


def of_main(name: str) -> Any:
    return template("main.bicep").document["variables"][name]["value"]


@pytest.mark.parametrize("query", queries())
def test_alerts_and_workbook_ask_for_metrics_and_labels_that_are_sent(query: str) -> None:
    asked = METRIC.findall(query)
    assert asked
    known = metrics()
    assert [name for name in asked if name not in known] == []
    common = set.intersection(*(set(known[name].labels) for name in asked))
    assert [label for label in LABEL.findall(query) if label not in common] == []


def test_every_metric_is_in_the_workbook() -> None:
    shown = set(METRIC.findall((INFRA / "workbook.json").read_text(encoding="utf-8")))
    assert metrics().keys() - shown == set()


def test_there_is_an_alert_for_everything_that_can_stop_a_migration() -> None:
    rules = template("modules/alerts.bicep").document["variables"]["rules"]["value"]
    assert {rule["name"] for rule in rules} == {
        "error-rate",
        "dead-letter-depth",
        "dead-letter-share",
        "poison-depth",
        "run-halted",
        "silent",
        "oldest-pending",
        "no-progress",
        "throttling",
        "gateway-down",
        "code-expires",
    }


def test_the_queues_are_those_that_wake_workers_up() -> None:
    text = (INFRA / "main.bicep").read_text(encoding="utf-8")
    named = re.search(r"queues: \[([^\]]+)\]", text)
    assert named
    worked = {queue for name, queue in vars(messages).items() if name.endswith("_QUEUE")}
    assert set(re.findall(r"'([\w-]+)'", named[1])) == worked | {f"{queue}-poison" for queue in worked}


def test_the_tables_are_those_of_the_stores() -> None:
    opened = (INFRA.parent / "shared/storage/azure/opening.py").read_text(encoding="utf-8")
    assert set(of_main("stateTables")) == set(re.findall(r'named\("(\w+)"\)', opened))


def test_the_containers_are_those_that_blobs_are_put_into() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (INFRA.parent / "shared").rglob("*.py")]
    named = {name for source in sources for name in re.findall(r'f"([a-z]+)/\{', source)}
    assert set(of_main("dataContainers")) == named | {"media"}


def test_every_container_has_a_retention() -> None:
    kept = {prefix.rstrip("/") for rule in of_main("dataRetention") for prefix in rule["prefixes"]}
    assert kept == set(of_main("dataContainers"))


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.name)
def test_each_stage_has_a_flag_for_every_plan(path: Path) -> None:
    assert [flag["plan"] for flag in of_stage(path, "plans")] == list(plan_names())


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.name)
def test_settings_in_app_configuration_are_read_there_and_are_no_secrets(path: Path) -> None:
    assert {one["name"] for one in of_stage(path, "settings")} <= ELSEWHERE - SECRETS


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.name)
def test_what_is_kept_warm_exists(path: Path) -> None:
    warm = {one["name"] for one in of_stage(path, "alwaysReady") or []}
    assert warm <= {"http", "durable", *(f"function:{name}" for name in functions())}


def test_the_app_gets_settings_that_it_reads_or_the_platform_does() -> None:
    text = (INFRA / "modules/function.bicep").read_text(encoding="utf-8")
    named = set(re.findall(r"^\s+([A-Z][A-Za-z_]*[A-Z_]\w*): ", text, re.MULTILINE))
    ours = {name for name in named if name.partition("__")[0] in ALIASES}
    assert named == ours | {"AZURE_CLIENT_ID"}
    assert SECRETS & named == set()


def test_azd_finds_the_app_by_its_tag() -> None:
    assert "\n  api:\n" in (INFRA.parent / "azure.yaml").read_text(encoding="utf-8")
    assert "'azd-service-name': 'api'" in (INFRA / "modules/function.bicep").read_text(encoding="utf-8")
