"""What a server's answer to the request for a file means: the file, a link that is over, or a refusal.

Bitrix24's download links are signed and temporary; a link that is over answers an error or, with HTTP 200, the login
page of the portal (API facts §4.9).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.http.retry_after import retry_after
from shared.media.kinds import HTML, UNKNOWN, is_kind, kind_of, settled
from shared.model.errors import RecordRejected, RetryLater, SlowDown

_FOUND = 200
_THROTTLED = 429
_OVER = (401, 403, 404, 410)
_STUMBLED = (408, 425)
_SERVER_ERROR = 500


class Outcome(StrEnum):
    """What came of fetching a file."""

    STORED = "stored"
    EXPIRED = "expired"
    """The link led to no file, or to another one: ask the source for a fresh link, then fetch again."""

    REFUSED = "refused"
    """Final: a fresh link would lead to the same."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of it. ``reason`` is a code of ``REASONS`` unless it is stored, and ``message`` safe to show.

    ``size`` (bytes), ``sha256`` (64 hex) and ``content_type`` are those of the stored file. ``origin`` is the host and
    port that answered, if any did.
    """

    outcome: Outcome
    reason: str | None = None
    message: str = ""
    size: int | None = None
    sha256: str | None = None
    content_type: str | None = None
    origin: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the source says of a file. None: it does not say.

    ``size`` counts bytes. ``kind`` is a content type or a family such as ``image/``; None takes any but web pages. A
    file of exactly the promised size is the file, whatever its server calls it; ``kind`` holds in any case.
    """

    size: int | None = None
    kind: str | None = None


class Stumbled(RetryLater):
    """The server of a file is out or stumbles.

    ``origin`` is its host and port, after redirects. ``silent``: nobody was there, whatever file had been asked for.
    """

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        origin: str,
        silent: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason, message, retry_after=retry_after)
        self.origin = origin
        self.silent = silent


class LinkExpired(Exception):
    """The link led to no file, or to another one. ``reason`` is a code of ``REASONS``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def require_file(status: int, headers: Mapping[str, str]) -> None:
    """Whether an answer (no redirect) carries a file. Raises LinkExpired, RetryLater, SlowDown or RecordRejected."""
    said = f"HTTP {status}"
    if status in _OVER:
        raise LinkExpired("media.link_expired", said)
    if status == _THROTTLED:
        raise SlowDown("media.throttled", said, retry_after=retry_after(headers))
    if status in _STUMBLED or status >= _SERVER_ERROR:
        raise RetryLater("media.unreachable", said, retry_after=retry_after(headers))
    if status != _FOUND:
        raise RecordRejected("media.refused", said)
    if headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise RecordRejected("media.refused", "the file is encoded, although it was asked for as it is")


def promised_length(headers: Mapping[str, str]) -> int | None:
    """Bytes that the answer announces, or None."""
    text = headers.get("Content-Length", "").strip()
    return int(text) if text.isascii() and text.isdigit() else None


def require_room(size: int | None, most: int) -> None:
    """Whether ``size`` bytes, known or so far, are within ``most``. Raises RecordRejected."""
    if size is not None and size > most:
        raise RecordRejected("media.too_large", f"more than {most} bytes")


def require_kind(head: bytes, declared: str, length: int | None, expected: Expected) -> str:
    """The content type of a file that begins with ``head``. Raises LinkExpired or RecordRejected.

    ``length`` is what the answer announces. When it may still prove to be the promised size, that check decides.
    """
    found = kind_of(head)
    kind = settled(found, declared)
    page = HTML in (found, kind)
    provable = expected.size is not None and length in (None, expected.size)
    if page and expected.kind != HTML and (expected.kind is not None or not provable):
        raise LinkExpired("media.login_page", "a web page instead of the file")
    if length is not None and expected.size is not None and not provable:
        raise LinkExpired("media.size_mismatch", f"{length} bytes instead of {expected.size}")
    if not head and not provable:
        raise LinkExpired("media.size_mismatch", "an empty answer")
    if kind is None and not provable:
        raise RecordRejected("media.wrong_type", "the bytes are of another type than the server says")
    kind = kind or found or UNKNOWN
    if expected.kind is not None and not is_kind(kind, expected.kind):
        raise RecordRejected("media.wrong_type", f"{kind} instead of {expected.kind}")
    return kind


def require_size(size: int, kind: str, expected: Expected) -> None:
    """Whether a file that has come to its end is the promised one. Raises LinkExpired."""
    if expected.size is None or size == expected.size:
        return
    if kind == HTML and expected.kind != HTML:
        raise LinkExpired("media.login_page", "a web page instead of the file")
    raise LinkExpired("media.size_mismatch", f"{size} bytes instead of {expected.size}")
