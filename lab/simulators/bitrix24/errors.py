"""Errors of the portal: code, description, HTTP status (API facts §1.5)."""


class PortalError(Exception):
    """A refused call; inside a batch only code and description are seen."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status

    def body(self) -> dict[str, str]:
        """As it is answered."""
        return {"error": self.code, "error_description": self.description}


def method_not_found() -> PortalError:
    """For names that do not exist."""
    return PortalError("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)


def not_in_a_batch() -> PortalError:
    """For a batch in a batch, and for downloads and uploads there."""
    return PortalError("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage", 405)


def wrong_authorization() -> PortalError:
    """For a secret that is unknown, or revoked."""
    return PortalError("NO_AUTH_FOUND", "Wrong authorization data", 401)


def too_many_requests(status: int) -> PortalError:
    """For one request too many. The documented status is 503; others were seen."""
    return PortalError("QUERY_LIMIT_EXCEEDED", "Too many requests", status)


def overloaded() -> PortalError:
    """For a portal that was blocked by hand; waiting does not help."""
    return PortalError("OVERLOAD_LIMIT", "REST API is blocked due to overload.", 503)
