"""Errors that end the start of a host."""

from __future__ import annotations


class StartError(Exception):
    """The app cannot be served. The message is for the developer and names the file or the function."""


class FunctionLoadError(StartError):
    """One function cannot be indexed, which in Azure leaves the whole app without functions."""

    def __init__(self, function: str, reason: str) -> None:
        super().__init__(f"cannot load the function {function!r}: {reason}")
        self.function = function
