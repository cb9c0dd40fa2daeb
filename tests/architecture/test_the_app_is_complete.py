"""What the platform would index, and what other files say of it."""

import json
from pathlib import Path

import azure.functions as func

import orchestrators.contract
from function_app import app
from orchestrators.run import run
from shared.model.messages import EXTRACT_QUEUE, IMPORT_QUEUE
from shared.settings.model import Settings
from triggers.openapi import document

ROOT = Path(__file__).parents[2]
FUNCTIONS: list[func.Function] = app.get_functions()
BINDINGS = [json.loads(binding) for one in FUNCTIONS for binding in one.get_raw_bindings()]


def test_every_name_of_the_contract_is_registered() -> None:
    named = {value for name, value in vars(orchestrators.contract).items() if name.isupper()}
    registered = {binding.get("activity") or binding.get("orchestration") for binding in BINDINGS} - {None}
    assert registered == named
    assert run.__name__ == orchestrators.contract.RUN


def test_every_queue_has_a_reader_and_so_has_its_poison() -> None:
    read = {binding["queueName"] for binding in BINDINGS if binding["type"] == "queueTrigger"}
    assert read == {EXTRACT_QUEUE, IMPORT_QUEUE, f"{EXTRACT_QUEUE}-poison", f"{IMPORT_QUEUE}-poison"}


def test_every_route_is_in_the_openapi_document_and_the_other_way_round() -> None:
    routes = {f"/api/{binding['route']}" for binding in BINDINGS if binding["type"] == "httpTrigger"}
    assert routes == set(document()["paths"])


def test_only_health_and_the_page_without_data_are_open_to_everybody() -> None:
    open_routes = [b["route"] for b in BINDINGS if b["type"] == "httpTrigger" and b["authLevel"].lower() == "anonymous"]
    assert sorted(open_routes) == ["dashboard", "health"]


def test_every_required_setting_stands_in_the_example() -> None:
    example = json.loads((ROOT / "local.settings.json.example").read_text("utf-8"))["Values"]
    for name in ("PORTAGE_BITRIX24_WEBHOOK_URLS", "PORTAGE_GATEWAY_URL"):
        assert name in example
    known = {field.alias for field in Settings.model_fields.values()}
    assert {name for name in example if name.startswith("PORTAGE_BITRIX24")} <= known
