"""Redaction: no secret in a log line, an error or a trace. A webhook URL is a secret."""

import logging
import re
import sys

_MASK = "***"

_PATTERNS = (
    (re.compile(r"(/rest/(?:api/)?\d+/)[^/\s\"'?]+"), rf"\1{_MASK}"),
    (re.compile(r"(/webhook/[^/\s]+/)[^/\s\"'?]+"), rf"\1{_MASK}"),
    (
        re.compile(r"(?i)\b((?:auth|access_token|refresh_token|code|sig|AccountKey|SharedAccessKey)=)[^&\s;\"']+"),
        rf"\1{_MASK}",
    ),
    (re.compile(r"(?i)(authorization['\"]?\s*[:=]\s*['\"]?(?:bearer |basic )?)[^\s'\",}]+"), rf"\1{_MASK}"),
    (re.compile(r"(?i)(x-functions-key['\"]?\s*[:=]\s*['\"]?)[^\s'\",}]+"), rf"\1{_MASK}"),
)
_SHORTEST = 6
_known: set[str] = set()


def register_secret(secret: str) -> None:
    """Make ``redact`` hide this very text wherever it stands; texts under 6 characters would hide too much."""
    if len(secret) >= _SHORTEST:
        _known.add(secret)


def redact(text: str) -> str:
    """``text`` without registered secrets and without what looks like one."""
    for secret in _known:
        text = text.replace(secret, _MASK)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class RedactingFilter(logging.Filter):
    """Redacts message, arguments and traceback of every record that passes."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Records are cleaned, never dropped, except by an interpreter that is shutting down and cannot clean."""
        if sys.is_finalizing():
            return False
        try:
            record.msg = redact(record.getMessage())
        except (TypeError, ValueError):
            record.msg = redact(str(record.msg))
        record.args = ()
        if record.exc_info and record.exc_info[1] is not None and not record.exc_text:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


def quiet_libraries() -> None:
    """Libraries that log whole URLs at INFO speak only when something is wrong."""
    for name in ("httpx", "httpcore", "azure", "azure.core.pipeline.policies.http_logging_policy", "aiohttp"):
        logging.getLogger(name).setLevel(logging.WARNING)
