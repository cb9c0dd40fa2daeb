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
