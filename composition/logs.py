"""Logging of the process: every record is redacted when it is made, and libraries are quiet."""

import logging
from typing import Any

from shared.http.redaction import RedactingFilter, quiet_libraries
from shared.telemetry.logs import mark

_FILTER = RedactingFilter()
_make = logging.getLogRecordFactory()


def configure_logging() -> None:
    """Redact before any logger, filter or handler sees a record, those that are added later included. Idempotent.

    A filter would not do: one on the root logger does not see what other loggers hand to its handlers. Each record also
    says to which run, plan and entity it belongs.
    """
    quiet_libraries()
    logging.getLogger("portage").setLevel(logging.INFO)
    logging.setLogRecordFactory(_redacted)


def _redacted(*arguments: Any, **named: Any) -> logging.LogRecord:
    record = _make(*arguments, **named)
    mark(record)
    _FILTER.filter(record)
    return record
