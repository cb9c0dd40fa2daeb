from collections.abc import Callable
from pathlib import Path

import pytest

from lab.bicep.__main__ import main
from lab.bicep.proof import prove

ROOT = Path(__file__).resolve().parents[3]

Break = Callable[[str, str, str], list[str]]


def test_nothing_is_wrong_with_the_tree() -> None:
    assert prove(ROOT / "infra") == []


def test_a_symbol_that_does_not_exist_is_caught(broken: Break) -> None:
    found = broken("modules/network.bicep", "id: nat.id", "id: natGateway.id")
    assert found == ["nothing here is called natGateway"]


def test_a_symbol_inside_a_text_is_caught(broken: Break) -> None:
    found = broken("modules/function.bicep", "${packageContainer}", "${package}")
    assert "nothing here is called package" in found


def test_a_loop_variable_means_nothing_outside_its_loop(broken: Break) -> None:
    found = broken("modules/storage.bicep", "output id string = account.id", "output id string = one.id")
    assert found == ["nothing here is called one"]


def test_a_function_that_does_not_exist_is_caught(broken: Break) -> None:
    assert broken("main.bicep", "uniqueString(", "uniqueText(") == ["nothing here is called uniqueText"]


def test_a_parameter_that_nobody_uses_is_caught(broken: Break) -> None:
    found = broken("modules/identity.bicep", "param name string", "param name string\nparam owner string = ''")
    assert found == ["param owner is not used"]


def test_a_name_that_is_declared_twice_is_caught(broken: Break) -> None:
    found = broken("modules/private.bicep", "var ofRaw =", "var zones = []\nvar ofRaw =")
    assert found == ["zones is declared on line 26 too"]


def test_a_module_file_that_is_not_there_is_caught(broken: Break) -> None:
    found = broken("main.bicep", "'modules/vault.bicep'", "'modules/safe.bicep'")
    assert "module vault: there is no file modules/safe.bicep" in found


def test_a_module_that_nobody_calls_is_caught(copied: Path) -> None:
    (copied / "modules" / "spare.bicep").write_text("output nothing string = ''\n", encoding="utf-8")
    assert [str(one) for one in prove(copied)] == ["modules/spare.bicep:1: no template calls this module"]


def test_a_parameter_that_a_module_needs_and_does_not_get_is_caught(broken: Break) -> None:
    found = broken("main.bicep", "    undeleteDays: vaultUndeleteDays\n", "")
    assert "module vault is not given undeleteDays" in found


def test_a_parameter_that_a_module_does_not_have_is_caught(broken: Break) -> None:
    found = broken("main.bicep", "    undeleteDays: vaultUndeleteDays\n", "    undeletedDays: vaultUndeleteDays\n")
    assert "module vault has no parameter undeletedDays" in found


def test_a_parameter_of_another_type_is_caught(broken: Break) -> None:
    found = broken("main.bicep", "privateOnly: privateEndpoints", "privateOnly: 'yes'")
    assert found == ["module state takes privateOnly as bool, not string"]


def test_an_output_that_a_module_does_not_have_is_caught(broken: Break) -> None:
    found = broken("main.bicep", "vault.outputs.url", "vault.outputs.uri")
    assert "module vault has no output uri" in found


def test_an_output_that_nobody_takes_is_caught(broken: Break) -> None:
    found = broken("modules/identity.bicep", "output name string", "output id string = identity.id\noutput name string")
    assert found == ["nobody takes output id"]


def test_an_api_version_that_does_not_exist_is_caught(broken: Break) -> None:
    found = broken("modules/vault.bicep", "vaults@2023-07-01", "vaults@2023-07-31")
    assert found == ["vault: Microsoft.KeyVault/vaults has no API version 2023-07-31"]


def test_an_api_version_that_is_none_is_caught(broken: Break) -> None:
    found = broken("modules/vault.bicep", "vaults@2023-07-01", "vaults@2023-7-1")
    assert found == ["vault: 2023-7-1 is no API version"]


def test_an_unknown_type_of_resource_is_caught(broken: Break) -> None:
    found = broken("modules/vault.bicep", "Microsoft.KeyVault/vaults@", "Microsoft.KeyVault/safes@")
    assert "vault: unknown type Microsoft.KeyVault/safes" in found


def test_a_property_that_the_provider_needs_is_missed(broken: Break) -> None:
    found = broken("modules/vault.bicep", "    tenantId: subscription().tenantId\n", "")
    assert found == ["vault: properties.tenantId is missing"]


def test_a_misspelt_property_is_caught(broken: Break) -> None:
    found = broken("modules/identity.bicep", "  location: location\n", "  locaton: location\n")
    assert sorted(found) == [
        "identity: location is missing",
        "identity: there is no property locaton; there is location",
    ]


def test_a_parent_of_the_wrong_type_is_caught(broken: Break) -> None:
    found = broken("modules/storage.bicep", "parent: queueService", "parent: tableService")
    assert found[0].startswith("queue: a Microsoft.Storage/storageAccounts/tableServices is no parent")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("modules/storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true"),
        ("modules/storage.bicep", "allowBlobPublicAccess: false", "allowBlobPublicAccess: true"),
        ("modules/storage.bicep", "defaultAction: 'Deny'", "defaultAction: 'Allow'"),
        ("modules/vault.bicep", "enablePurgeProtection: true", "enablePurgeProtection: false"),
        ("modules/configuration.bicep", "disableLocalAuth: true", "disableLocalAuth: false"),
        ("modules/function.bicep", "httpsOnly: true", "httpsOnly: false"),
        ("modules/function.bicep", "vnetRouteAllEnabled: true", "vnetRouteAllEnabled: false"),
        ("modules/network.bicep", "publicIPAllocationMethod: 'Static'", "publicIPAllocationMethod: 'Dynamic'"),
    ],
)
def test_a_house_rule_cannot_be_switched_off(broken: Break, name: str, old: str, new: str) -> None:
    assert any(" has to be " in message for message in broken(name, old, new))


def test_a_role_that_nobody_knows_is_caught(broken: Break) -> None:
    found = broken(
        "modules/access.bicep", "4633458b-17de-408a-b874-0445c86b69e6", "4633458b-17de-408a-b874-0445c86b69e7"
    )
    assert any("is none of the roles that may be given" in message for message in found)


def test_a_role_whose_id_is_no_guid_is_caught(broken: Break) -> None:
    found = broken("modules/access.bicep", "4633458b-17de-408a-b874-0445c86b69e6", "key-vault-secrets-user")
    assert any("key-vault-secrets-user is no id of a role" in message for message in found)


def test_a_greater_role_than_needed_is_caught(broken: Break) -> None:
    found = broken(
        "modules/access.bicep",
        "roleDefinitions', keyVaultSecretsUser)",
        "roleDefinitions', keyVaultSecretsOfficer)",
    )
    assert any("appPrincipalId may not have the role Key Vault Secrets Officer" in message for message in found)


def test_a_role_on_everything_is_caught(broken: Break) -> None:
    found = broken("modules/access.bicep", "  scope: vault\n", "")
    assert "appReadsSecrets: appPrincipalId may not have the role Key Vault Secrets User on everything" in found


def test_a_role_under_the_name_of_another_is_caught(broken: Break) -> None:
    found = broken(
        "modules/access.bicep", "4633458b-17de-408a-b874-0445c86b69e6", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
    )
    assert "keyVaultSecretsUser is the id of the role Key Vault Secrets Officer" in found


def test_a_role_that_is_taken_away_is_missed(broken: Break) -> None:
    found = broken("modules/access.bicep", "  scope: configuration\n", "  scope: vault\n")
    assert "nothing gives appPrincipalId the role App Configuration Data Reader on configuration" in found


def test_a_secret_parameter_without_its_decorator_is_caught(broken: Break) -> None:
    found = broken("main.bicep", "param alertEmails array", "param gatewayUrl string = ''\nparam alertEmails array")
    assert "parameter gatewayUrl holds a secret and is not @secure()" in found


def test_a_secure_parameter_with_a_default_is_caught(broken: Break) -> None:
    found = broken(
        "main.bicep", "param alertEmails array", "@secure()\nparam code string = 'x'\nparam alertEmails array"
    )
    assert "secure parameter code has a default" in found


def test_a_key_in_an_output_is_caught(broken: Break) -> None:
    found = broken(
        "modules/storage.bicep",
        "output name string = account.name",
        "output name string = account.listKeys().keys[0].value",
    )
    assert sorted(found) == ["asks for keys; everything here goes by identity", "output name hands out a secret"]


def test_a_connection_string_in_an_output_is_caught(broken: Break) -> None:
    found = broken("modules/monitoring.bicep", "= insights.name", "= insights.properties.ConnectionString")
    assert found == ["output insightsName hands out a secret"]


def test_a_webhook_that_is_written_down_is_caught(broken: Break) -> None:
    found = broken(
        "modules/function.bicep",
        "PORTAGE_KEY_VAULT_URL: vaultUrl",
        "PORTAGE_GATEWAY_URL: 'https://gateway.example.com/webhook/1/abcdefgh12345678'",
    )
    assert "holds a secret in the clear" in found


def test_what_no_parser_reads_is_told_with_its_place(copied: Path) -> None:
    path = copied / "modules" / "identity.bicep"
    path.write_text(path.read_text(encoding="utf-8").replace("  name: name\n", "  name name\n"), encoding="utf-8")
    assert [str(one) for one in prove(copied)] == ["modules/identity.bicep:13: tree-sitter cannot read this"]


def test_the_command_fails_on_a_finding_and_says_where(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copied / "modules" / "network.bicep"
    path.write_text(path.read_text(encoding="utf-8").replace("id: nat.id", "id: nothing.id"), encoding="utf-8")
    assert main([str(copied)]) == 1
    assert capsys.readouterr().out.startswith("modules/network.bicep:")
