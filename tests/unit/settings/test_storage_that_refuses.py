"""What becomes of a storage account that does not let the app in."""

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

from shared.model.errors import RetryLater
from shared.storage.azure.faults import translated


class Answer:
    """What the SDK's errors take their status from."""

    def __init__(self, status: int) -> None:
        self.status_code = status
        self.reason = "Forbidden"
        self.headers: dict[str, str] = {}


@pytest.mark.parametrize("error", [HttpResponseError, ClientAuthenticationError])
def test_a_role_that_is_missing_is_waited_for(error: type[HttpResponseError]) -> None:
    refusal = error("AuthorizationPermissionMismatch of account secretaccount", response=Answer(403))
    with pytest.raises(RetryLater) as caught, translated("read runs"):
        raise refusal
    assert caught.value.message == "read runs: storage refuses the app's identity or key (403)"


def test_an_identity_that_gets_no_token_is_waited_for() -> None:
    with pytest.raises(RetryLater, match="no token"), translated("read runs"):
        raise ClientAuthenticationError("DefaultAzureCredential failed to retrieve a token")
