"""The gateway's address, which is a secret."""

import pytest

from connectors.import_gateway.address import GatewayAddress

URL = "https://gateway.example:8443/portal/webhook/7/s3cr3t"


def test_an_address_has_a_host_a_user_and_a_code() -> None:
    address = GatewayAddress.parse(URL + "/")
    assert (address.host, address.user) == ("gateway.example:8443", "7")
    assert address.url("import.count") == URL + "/import.count"


def test_budgets_belong_to_host_and_user() -> None:
    assert GatewayAddress.parse(URL).owner == "target:gateway.example:8443:7"


def test_the_code_does_not_show() -> None:
    assert "s3cr3t" not in repr(GatewayAddress.parse(URL))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://gateway.example",
        "https://gateway.example/webhook/7",
        "https://gateway.example/webhook//s3cr3t",
        "https://gateway.example/hook/7/s3cr3t",
        "ftp://gateway.example/webhook/7/s3cr3t",
        "https://gateway.example/webhook/7/s3cr3t?x=1",
        "https://[gateway/webhook/7/s3cr3t",
        "/webhook/7/s3cr3t",
    ],
)
def test_an_address_of_another_form_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ValueError, match="must have the form") as refusal:
        GatewayAddress.parse(url)
    assert "s3cr3t" not in str(refusal.value)


@pytest.mark.parametrize(
    ("host", "loopback"), [("127.0.0.1:8090", True), ("localhost", True), ("[::1]:1", True), ("10.0.0.5", False)]
)
def test_a_loopback_address_is_known_as_such(host: str, loopback: bool) -> None:
    assert GatewayAddress.parse(f"http://{host}/webhook/1/c").loopback is loopback
