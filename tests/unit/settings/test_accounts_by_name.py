"""Where the services of a storage account answer, when a setting names the account and no key."""

from contextlib import AsyncExitStack

import pytest

from shared.storage.azure.accounts import Account


@pytest.mark.parametrize("service", ["blob", "queue", "table"])
def test_the_services_of_a_named_account_are_those_of_the_cloud(service: str) -> None:
    account = Account("AzureWebJobsStorage", None, {"AzureWebJobsStorage__accountName": "acme"}, AsyncExitStack())
    assert account.given
    assert account.endpoint(service) == f"https://acme.{service}.core.windows.net"
