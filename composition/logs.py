"""Logging of the process: one redacting filter on everything, and quiet libraries."""

import logging

from shared.http.redaction import RedactingFilter, quiet_libraries


def configure_logging() -> None:
    """Idempotent. The host brings the handlers; records are redacted before any of them sees one."""
    quiet_libraries()
    root = logging.getLogger()
    if not any(isinstance(one, RedactingFilter) for one in root.filters):
        root.addFilter(RedactingFilter())
    for handler in root.handlers:
        if not any(isinstance(one, RedactingFilter) for one in handler.filters):
            handler.addFilter(RedactingFilter())
