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

_CONFLICTS = (409, 412)


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
        raise RetryLater("storage.unreachable", f"{what}: storage answered {error.status_code}") from None
    except (AzureError, OSError, TimeoutError) as error:
        raise RetryLater("storage.unreachable", f"{what}: {type(error).__name__}") from None
