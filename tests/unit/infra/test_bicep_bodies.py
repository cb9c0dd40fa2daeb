"""What stands in a resource is what its provider takes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.bicep import bodies
from lab.bicep.proof import prove
from lab.bicep.resources import TYPES

Break = Callable[[str, str, str], list[str]]


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (
            "modules/storage.bicep",
            "allowSharedKeyAccess: false",
            "allowSharedKeyAccess: false\n    alowSharedKeys: false",
            "account: there is no property properties.alowSharedKeys; there is allowSharedKeyAccess",
        ),
        (
            "modules/function.bicep",
            "instanceMemoryMB:",
            "instanceMemoryMb:",
            "scaleAndConcurrency.instanceMemoryMb; there is instanceMemoryMB",
        ),
        (
            "modules/network.bicep",
            "serviceName: 'Microsoft.App",
            "service: 'Microsoft.App",
            "delegations[].properties.service; there is serviceName",
        ),
        (
            "modules/storage.bicep",
            "daysAfterModificationGreaterThan",
            "daysAfterModification",
            "delete.daysAfterModification; there is daysAfterModificationGreaterThan",
        ),
    ],
)
def test_a_misspelt_property_is_caught_however_deep_it_is(
    broken: Break, name: str, old: str, new: str, told: str
) -> None:
    assert any(told in message for message in broken(name, old, new))


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("modules/storage.bicep", "'Hot'", "'Warm'", "accessTier takes one of Hot, Cool, Premium, Cold, not Warm"),
        ("modules/storage.bicep", "'TLS1_2'", "'1.2'", "minimumTlsVersion takes one of TLS1_0, TLS1_1, TLS1_2, TLS1_3"),
        ("modules/function.bicep", "'UserAssignedIdentity'", "'UserAssigned'", "authentication.type takes one of"),
        (
            "modules/network.bicep",
            "direction: 'Inbound'",
            "direction: 'In'",
            "direction takes one of Inbound, Outbound",
        ),
        ("modules/alerts.bicep", "operator: 'GreaterThan'", "operator: 'Above'", "operator takes one of Equals"),
    ],
)
def test_a_value_that_is_none_of_the_providers_is_caught(
    broken: Break, name: str, old: str, new: str, told: str
) -> None:
    assert any(told in message for message in broken(name, old, new))


@pytest.mark.parametrize(
    ("name", "old", "told"),
    [
        ("modules/vault.bicep", "      family: 'A'\n", "vault: properties.sku.family is missing"),
        ("modules/network.bicep", "          priority: 4000\n", "properties.securityRules[].properties.priority"),
        ("modules/alerts.bicep", "    groupShortName: 'portage'\n", "team: properties.groupShortName is missing"),
        (
            "modules/storage.bicep",
            "        type: 'Lifecycle'\n",
            "lifecycle: properties.policy.rules[].type is missing",
        ),
        ("modules/workbook.bicep", "    category: 'workbook'\n", "workbook: properties.category is missing"),
    ],
)
def test_a_missing_property_that_the_provider_requires_is_caught(broken: Break, name: str, old: str, told: str) -> None:
    assert any(told in message for message in broken(name, old, ""))


def test_a_value_of_another_type_is_caught(broken: Break) -> None:
    found = broken("modules/network.bicep", "idleTimeoutInMinutes: 4", "idleTimeoutInMinutes: '4'")
    assert found == ["nat: properties.idleTimeoutInMinutes takes int, not string"]


def test_a_parameter_of_a_type_that_the_provider_does_not_take_is_caught(broken: Break) -> None:
    found = broken("modules/storage.bicep", "days: undeleteDays", "days: name")
    assert "blobs: properties.deleteRetentionPolicy.days takes int, not string" in found


def test_a_parameter_that_allows_what_the_provider_does_not_is_caught(broken: Break) -> None:
    found = broken("modules/storage.bicep", "'Standard_GZRS'", "'Standard_XRS'")
    assert any("account: sku.name takes one of" in message and "not Standard_XRS" in message for message in found)


def test_a_parameter_that_goes_beyond_the_providers_limit_is_caught(broken: Break) -> None:
    found = broken("modules/storage.bicep", "@maxValue(365)", "@maxValue(400)")
    assert "blobs: properties.deleteRetentionPolicy.days is at most 365" in found


def test_what_a_parameter_file_puts_into_a_resource_is_checked_there(copied: Path) -> None:
    path = copied / "main.parameters.prod.json"
    given = json.loads(path.read_text(encoding="utf-8"))
    given["parameters"]["alwaysReady"]["value"] = [{"name": "durable", "instances": 1}]
    path.write_text(json.dumps(given), encoding="utf-8")
    [found] = map(str, prove(copied))
    assert found.startswith("main.parameters.prod.json:1: app: there is no property ")
    assert found.endswith("alwaysReady[].instances; there is instanceCount")


def test_a_property_that_only_the_provider_sets_is_caught(broken: Break) -> None:
    found = broken("modules/network.bicep", "    idleTimeoutInMinutes: 4\n", "    provisioningState: 'Succeeded'\n")
    assert found == ["nat: properties.provisioningState is not for us to set"]


def test_an_answer_that_the_provider_does_not_give_is_caught(broken: Break) -> None:
    found = broken("modules/vault.bicep", "vault.properties.vaultUri", "vault.properties.vaultUrl")
    assert found == ["a Microsoft.KeyVault/vaults@2023-07-01 is not known to answer with properties.vaultUrl"]


def test_every_type_that_may_be_used_is_described() -> None:
    described = json.loads(bodies.DESCRIBED.read_text(encoding="utf-8"))["types"]
    bare = {f"{kind}@{version}" for kind, one in TYPES.items() for version in one["versions"]}
    assert bare - described.keys() == {"Microsoft.Web/sites/config@2024-04-01"}
    assert {key for key in described if key.startswith("Microsoft.Web/sites/config/")} == {
        "Microsoft.Web/sites/config/appsettings@2024-04-01",
        "Microsoft.Web/sites/config/authsettingsV2@2024-04-01",
    }
