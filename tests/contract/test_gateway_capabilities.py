"""What the gateway tells of itself (contract §1, §2)."""

import json
from dataclasses import dataclass

import pytest

from tests.unit.gateway.gateway_process import Json, running

LIMITS = {
    "import.departments.batch": (100, 600),
    "import.users.batch": (100, 600),
    "import.groups.batch": (100, 400),
    "import.chats.batch": (50, 300),
    "import.chat.messages": (100, 300),
    "import.feed.posts": (50, 300),
    "import.feed.comments": (100, 300),
    "import.tasks.batch": (50, 300),
    "import.task.comments": (100, 300),
    "import.crm.companies": (50, 200),
    "import.crm.contacts": (50, 200),
    "import.crm.deals": (50, 200),
    "import.crm.spitems": (50, 200),
    "import.workflows.tpls": (20, 100),
}


@dataclass(frozen=True)
class Told:
    """What two gateways told of themselves: one as it comes, the same after a restart, and one with settings."""

    default: Json
    again: Json
    other: Json


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    settings = {
        "GATEWAY_METHODS": "import.capabilities,import.users.batch,import.crm.deals",
        "GATEWAY_LIMITS": json.dumps({"import.users.batch": {"max_items": 500, "per_minute": 7}}),
        "GATEWAY_RATE_FACTOR": "0.5",
        "GATEWAY_MAX_BYTES": "1000",
    }
    with running(tmp_path_factory.mktemp("default")) as gateway:
        default = gateway.ask("import.capabilities")
        gateway.restart()
        again = gateway.ask("import.capabilities")
    with running(tmp_path_factory.mktemp("other"), settings) as gateway:
        return Told(default, again, gateway.ask("import.capabilities"))


def test_a_gateway_without_further_settings_has_the_sizes_and_rates_of_the_contract(told: Told) -> None:
    assert told.default == {
        "contract": "1.1",
        "store_id": told.default["store_id"],
        "product_version": told.default["product_version"],
        "max_bytes": 5_242_880,
        "max_media_bytes": 104_857_600,
        "max_text": 1_000_000,
        "methods": {method: {"max_items": items, "per_minute": calls} for method, (items, calls) in LIMITS.items()},
    }


@pytest.mark.parametrize("name", ["store_id", "product_version"])
def test_it_names_itself_and_its_store_by_a_text(told: Told, name: str) -> None:
    assert isinstance(told.default[name], str)
    assert told.default[name]


def test_it_tells_the_sizes_and_rates_that_are_set_and_only_methods_that_are_enabled(told: Told) -> None:
    assert told.other["max_bytes"] == 1000
    assert told.other["methods"] == {
        "import.users.batch": {"max_items": 500, "per_minute": 4},
        "import.crm.deals": {"max_items": 50, "per_minute": 100},
    }


def test_the_store_id_stays_with_the_store(told: Told) -> None:
    assert told.again == told.default


def test_another_store_has_another_store_id(told: Told) -> None:
    assert told.other["store_id"] != told.default["store_id"]
