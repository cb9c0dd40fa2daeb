"""Keys that Azure Tables accepts: what it refuses is escaped as ``!`` and the character's code in hex."""

import re

_REFUSED = re.compile(r"[/\\#?!%\x00-\x1f\x7f-\x9f]")
_ESCAPED = re.compile(r"!([0-9a-f]{4})")


def escape(key: str) -> str:
    """A key without the characters ``/ \\ # ?`` and control characters; unique for every input."""
    return _REFUSED.sub(lambda match: f"!{ord(match[0]):04x}", key)


def unescape(key: str) -> str:
    """The inverse of ``escape``."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), key)


def after(prefix: str) -> str:
    """The smallest string greater than everything that begins with ``prefix``."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
