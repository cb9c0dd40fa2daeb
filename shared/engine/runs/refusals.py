"""What callers are told when the engine cannot do what they ask for."""


class ControlError(Exception):
    """A request that cannot be granted now; ``code`` is that of the problem document."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
