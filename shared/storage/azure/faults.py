"""What the SDKs raise, in the engine's words. The one place that knows both."""

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)

from shared.model.errors import Conflict, RetryLater

_CONFLICTS = (404, 409, 412)
"""404 is what a transaction says of a row that is gone."""
_PASSING = (408, 429)
_SERVER_ERROR = 500


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Conflict for a lost conditional write, RetryLater for a store that is out. Messages hold no keys or addresses."""
    try:
        yield
    except (ResourceExistsError, ResourceModifiedError):
        raise Conflict(what) from None
    except (ResourceNotFoundError, ClientAuthenticationError):
        raise
    except HttpResponseError as error:
        if error.status_code in _CONFLICTS:
            raise Conflict(what) from None
        if error.status_code is None or error.status_code in _PASSING or error.status_code >= _SERVER_ERROR:
            raise RetryLater("storage.unreachable", f"{what}: storage answered {error.status_code}") from None
        raise  # what the store refuses as wrong stays wrong
    except (AzureError, OSError, TimeoutError) as error:
        raise RetryLater("storage.unreachable", f"{what}: {type(error).__name__}") from None
