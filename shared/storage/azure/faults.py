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
"""Refusals that pass; an error with a status of success is an answer that was cut short on its way."""

_REFUSALS = range(400, 500)
_FORBIDDEN = 403
_REFUSED = "storage refuses the app's identity or key"
"""That passes too: a role that was just given takes minutes to be known everywhere."""


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Conflict for a lost conditional write, RetryLater for a store that is out. Messages hold no keys or addresses."""
    try:
        yield
    except (ResourceExistsError, ResourceModifiedError):
        raise Conflict(what) from None
    except ResourceNotFoundError:
        raise
    except ClientAuthenticationError as error:
        raise RetryLater("storage.unreachable", f"{what}: {_REFUSED} ({error.status_code or 'no token'})") from None
    except HttpResponseError as error:
        if error.status_code == _FORBIDDEN:
            raise RetryLater("storage.unreachable", f"{what}: {_REFUSED} ({_FORBIDDEN})") from None
        if error.status_code in _CONFLICTS:
            raise Conflict(what) from None
        if error.status_code is None or error.status_code in _PASSING or error.status_code not in _REFUSALS:
            raise RetryLater("storage.unreachable", f"{what}: storage answered {error.status_code}") from None
        raise  # what the store refuses as wrong stays wrong
    except (AzureError, OSError, TimeoutError) as error:
        raise RetryLater("storage.unreachable", f"{what}: {type(error).__name__}") from None
