"""Addresses that are as good as keys for a while: signed links to files, and webhooks (API facts §1.1, §4.9).

Answers quote them; archives and rows need them no more, as files are fetched by addresses that are asked for anew.
What people wrote is left as it is: only addresses that the portal itself makes are touched.
"""

import re

MASK = "***"
_MASK = MASK.encode()

_NAMES = (b"auth", b"token", b"sign", b"signature", b"sig")
_BEFORE_NAME = re.compile(
    rb"(?i)(?:[?&;]|\\u0026)(?:[a-z_-]{1,24}[_-]|[a-z_]{1,24}(?=token))?(?:auth|token|sign|signature|sig)\Z"
)
_LONGEST_NAME = 48
_SECRET = re.compile(rb"""(?i)(?:[^][&"\\\s#<>]|\\/|\\u00(?!2[0236]|3[ce]|5c)[0-9a-f]{2})+""")
"""In a string of JSON. Its end is never inside an escaped character."""

_WEBHOOK = re.compile(rb"(/rest\\?/(?:api\\?/)?[0-9]+\\?/)[\w-]{8,}")
_OF_REST = re.compile(rb"(?i)/rest\\?/[^\s\"<>]*\Z")
_RELATIVE = re.compile(rb"\\?/(?!\\?/)[^\s<>]*\Z")
_KEY = re.compile(rb'"([A-Za-z_]+)"\s*:\s*"\Z')
_LONGEST_KEY = 64
_LONGEST_ADDRESS = 2048
"""Bytes before a secret in which the beginning of its address is looked for."""

_OF_FILES = frozenset(
    b"DOWNLOAD_URL VIEW_URL SHOW_URL DETAIL_URL PREVIEW_URL downloadUrl viewUrl showUrl detailUrl previewUrl "
    b"urlDownload urlMachine urlPreview urlShow avatar avatar_hr icon preview PERSONAL_PHOTO IMAGE AVATAR".split()
)
"""Fields with addresses that the portal makes."""


def without_signatures(body: bytes) -> bytes:
    """``body`` (JSON) with ``***`` in the place of secrets in addresses; what else it says stays byte by byte."""
    parts: list[bytes] = []
    done, at = 0, body.find(b"=")  # rare in most answers, and found faster than any name
    while at >= 0:
        if body[max(0, at - 9) : at].lower().endswith(_NAMES) and (secret := _secret(body, at)):
            parts += (body[done : secret.start()], _MASK)
            done = secret.end()
        at = body.find(b"=", max(at + 1, done))
    if parts:
        body = b"".join((*parts, body[done:]))
    return _WEBHOOK.sub(rb"\1" + _MASK, body)


def _secret(body: bytes, at: int) -> re.Match[bytes] | None:
    """The value of the parameter that ends at ``at``, if it has one and is of an address that the portal made."""
    name = _BEFORE_NAME.search(body, max(0, at - _LONGEST_NAME), at)
    if name is None or not _is_of_the_portal(body, name.start()):
        return None
    return _SECRET.match(body, at + 1)


def _is_of_the_portal(body: bytes, end: int) -> bool:
    """Whether the address in which something begins at ``end`` is one that the portal made."""
    start = body.rfind(b'"', max(0, end - _LONGEST_ADDRESS), end) + 1
    before = body[start or max(0, end - _LONGEST_ADDRESS) : end]
    if not start or body[start - 2 : start - 1] == b"\\":
        return bool(_OF_REST.search(before))
    key = _KEY.search(body, max(0, start - _LONGEST_KEY), start)
    return (key is not None and key[1] in _OF_FILES) or bool(_RELATIVE.match(before) or _OF_REST.search(before))
