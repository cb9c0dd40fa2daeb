"""Redaction: no secret in a log line, an error or a trace. A webhook URL is a secret."""

import json
import logging
import re
import sys
from dataclasses import dataclass, field
from urllib.parse import quote

_MASK = "***"

_SLASH = r"(?:\\{0,8}/|%(?:25)*2F)"
"""As it is, escaped in JSON, or percent-encoded any number of times."""

_SEGMENT = rf"(?:(?!{_SLASH})[^\s\"'?#&<>,\\])+"
_TOKENS = "auth|access_token|refresh_token|application_token|client_secret"
_WORD = r"(?:\b|%(?:25)*(?:3F|26|5B))"
_EQUALS = r"(?:\]|%(?:25)*5D)?(?:=|%(?:25)*3D)"
_QUOTE = r"\\*['\"]"

_PATTERNS = tuple(
    re.compile(f"(?i)({before}){secret}")
    for before, secret in (
        (rf"{_SLASH}rest{_SLASH}(?:api{_SLASH})?\d+{_SLASH}", _SEGMENT),
        (rf"{_SLASH}webhook{_SLASH}{_SEGMENT}{_SLASH}", _SEGMENT),
        (rf"{_WORD}(?:{_TOKENS}|code|sig|AccountKey|SharedAccessKey){_EQUALS}", r"(?:(?!%(?:25)*26)[^&\s;\"'\\])+"),
        (rf"(?:{_TOKENS}){_QUOTE}\s*:\s*{_QUOTE}", r"[^'\"\\]+"),
        (r"authorization['\"]?\s*[:=,]\s*(?:b?['\"])?(?:bearer |basic )?", r"[^\s'\",}]+"),
        (r"x-functions-key['\"]?\s*[:=,]\s*(?:b?['\"])?", r"[^\s'\",}]+"),
        (r"://[^/\s:@]*:", r"[^/\s@]+(?=@)"),
    )
)
_SHORTEST = 6


@dataclass(slots=True)
class _Registered:
    """Every known form of every registered secret, and one pattern that finds the longest at each place."""

    forms: set[str] = field(default_factory=set)
    pattern: re.Pattern[str] | None = None


_registered = _Registered()


def register_secret(secret: str) -> None:
    """Make ``redact`` hide this very text wherever it stands; texts under 6 characters would hide too much."""
    if len(secret) < _SHORTEST or secret in _registered.forms:
        return
    encoded = quote(secret, safe="")
    forms = {secret, quote(secret), encoded, quote(encoded, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    _registered.forms = _registered.forms | forms
    longest_first = sorted(_registered.forms, key=len, reverse=True)
    _registered.pattern = re.compile("|".join(map(re.escape, longest_first)))


def redact(text: str) -> str:
    """``text`` without registered secrets and without what looks like one."""
    if _registered.pattern is not None:
        text = _registered.pattern.sub(_MASK, text)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\1{_MASK}", text)
    return text


def mask_secrets(body: bytes) -> bytes:
    """``body`` without registered secrets; a portal's answers quote the webhook in the addresses of files."""
    for form in _registered.forms:
        if (found := form.encode()) in body:
            body = body.replace(found, _MASK.encode())
    return body


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
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
            record.exc_info = None  # else a handler that formats it anew would let it out
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


QUIETED = ("httpx", "httpcore", "azure", "azure.core.pipeline.policies.http_logging_policy", "aiohttp")
"""Loggers of libraries that ``quiet_libraries`` turns down."""


def quiet_libraries() -> None:
    """Libraries that log whole URLs at INFO speak only when something is wrong."""
    for name in QUIETED:
        logging.getLogger(name).setLevel(logging.WARNING)
