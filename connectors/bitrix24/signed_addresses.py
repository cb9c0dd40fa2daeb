"""Addresses that are as good as keys for a while: signed links to files, and webhooks (API facts §1.1, §4.9).

Answers quote them; archives and rows need them no more, as files are fetched by addresses that are asked for anew.
What people wrote is left as it is: only addresses at the portal itself are touched, and fields that the portal fills.
"""

import re
from dataclasses import dataclass, field

MASK = "***"
_MASK = MASK.encode()

_NAMES = (b"auth=", b"token=", b"sign=", b"signature=", b"sig=")
_BEFORE_NAME = re.compile(
    rb"(?i)(?:[?&;]|\\u0026)(?:[a-z_-]{1,24}[_-]|[a-z_]{1,24}(?=token))?(?:auth|token|sign|signature|sig)\Z"
)
_LONGEST_NAME = 48
_SECRET = re.compile(rb"""(?i)(?:[^][&"\\\s#<>]|\\/|\\u00(?!2[0236]|3[ce]|5c)[0-9a-f]{2})+""")
"""In a string of JSON. Its end is never inside an escaped character."""

_WEBHOOK = re.compile(rb"(/rest\\?/(?:api\\?/)?[0-9]+\\?/)[\w-]{8,}")
_KEY = re.compile(rb'"([A-Za-z_]+)"\s*:\s*"\Z')
_LONGEST_KEY = 64
_LONGEST_ADDRESS = 2048
"""Bytes before a secret in which the beginning of its address is looked for."""

_OF_FILES = frozenset(
    b"DOWNLOAD_URL VIEW_URL SHOW_URL DETAIL_URL PREVIEW_URL downloadUrl viewUrl showUrl detailUrl previewUrl "
    b"urlDownload urlMachine urlPreview urlShow avatar avatar_hr icon preview PERSONAL_PHOTO IMAGE AVATAR".split()
)
"""Fields with addresses that the portal makes."""


@dataclass(slots=True)
class _Portals:
    """Hosts of the portals that are read, and what ends with an address at one of them."""

    hosts: frozenset[str] = frozenset()
    address: re.Pattern[bytes] = field(default=re.compile(rb"(?!)"))


_portals = _Portals()
_ANOTHER = rb"[,;|()'](?:https?:)?\\?/\\?/"
_CHARACTER = rb"[^][\s\"\\<>]|\[(?=[\w-]*\]=)|\](?==)|\\/|\\u00(?!2[02]|3[ce]|5c)[0-9a-f]{2}"
_BEHIND_HOST = rb"(?:(?!" + _ANOTHER + rb")(?:" + _CHARACTER + rb"))*"
"""Up to where another address, or other text, begins; of brackets an address has those of its parameters' names."""

_BEFORE_HOST = rb"(?:(?<![\w.-])|(?<=\\[bfnrt])|(?<=\\u[0-9a-f]{4}))"


def register_portal(portal: str) -> None:
    """From now on the addresses at ``portal`` (host, and port) are taken for its own; on whatever port."""
    host = portal.partition(":")[0]
    if host not in _portals.hosts:
        _portals.hosts |= {host}
        names = b"|".join(re.escape(one.encode()) for one in sorted(_portals.hosts))
        _portals.address = re.compile(
            rb"(?i)" + _BEFORE_HOST + rb"(?:" + names + rb")(?::\d+)?\\?/" + _BEHIND_HOST + rb"\Z"
        )


def without_signatures(body: bytes) -> bytes:
    """``body`` (JSON) with ``***`` in the place of secrets in addresses; what else it says stays byte by byte."""
    parts: list[bytes] = []
    done = 0
    for at in _named(body):
        if at >= done and (secret := _secret(body, at)):
            parts += (body[done : secret.start()], _MASK)
            done = secret.end()
    if parts:
        body = b"".join((*parts, body[done:]))
    return _WEBHOOK.sub(_without_code, body)


def _named(body: bytes) -> list[int]:
    """Where the ``=`` behind such a name stands, in order."""
    plain = body.lower()
    places = []
    for name in _NAMES:
        at = plain.find(name)
        while at >= 0:
            places.append(at + len(name) - 1)
            at = plain.find(name, at + 1)
    return sorted(places)


def _without_code(webhook: re.Match[bytes]) -> bytes:
    return webhook[1] + _MASK if _is_of_the_portal(webhook.string, webhook.end(1)) else webhook[0]


def _secret(body: bytes, at: int) -> re.Match[bytes] | None:
    """The value of the parameter that ends at ``at``, if it has one and is of an address that the portal made."""
    name = _BEFORE_NAME.search(body, max(0, at - _LONGEST_NAME), at)
    if name is None or not _is_of_the_portal(body, name.start()):
        return None
    return _SECRET.match(body, at + 1)


def _is_of_the_portal(body: bytes, end: int) -> bool:
    """Whether the address in which something begins at ``end`` leads to the portal, or is in a field for addresses."""
    start = body.rfind(b'"', max(0, end - _LONGEST_ADDRESS), end) + 1
    if start and body[start - 2 : start - 1] != b"\\":
        key = _KEY.search(body, max(0, start - _LONGEST_KEY), start)
        if key is not None and key[1] in _OF_FILES:
            return True
    return bool(_portals.address.search(body, max(start, end - _LONGEST_ADDRESS, 0), end))
