from pathlib import Path

import pytest

from lab.bicep.policy import NotInstallable, installed, scan

ROOT = Path(__file__).resolve().parents[3]


def test_the_policy_scan_finds_what_nobody_waived_and_waivers_that_waive_nothing(copied: Path) -> None:
    try:
        command = installed(ROOT / ".local")
    except NotInstallable as error:
        pytest.skip(str(error))
    path = copied / "modules" / "storage.bicep"
    text = path.read_text(encoding="utf-8").replace("minimumTlsVersion: 'TLS1_2'", "minimumTlsVersion: 'TLS1_0'")
    path.write_text(text.replace("sku: {\n    name: sku\n", "sku: {\n    name: 'Standard_GRS'\n"), encoding="utf-8")
    found = [(one.path, one.message.split(":")[0]) for one in scan(copied, command)]
    assert found == [
        ("modules/storage.bicep", "CKV_AZURE_44 on Microsoft.Storage/storageAccounts.account"),
        ("waivers.toml", "CKV_AZURE_206 on Microsoft.Storage/storageAccounts.account does not occur"),
    ]
