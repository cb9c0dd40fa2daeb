"""Who makes a request: who signed in by the platform's word, else a key, with the name that its holder claims.

Which key it was, the platform does not tell: its Python worker is handed method, address, headers and body alone.
"""

from urllib.parse import unquote

import azure.functions as func

_LONGEST = 200
_LONGEST_CLAIM = 100


def who(request: func.HttpRequest) -> str:
    """A name to store with what was done. ``x-portage-actor`` (percent-encoded) is a claim, and stored as one."""
    if name := _plain(request.headers.get("x-ms-client-principal-name", "")):
        return name[:_LONGEST]
    claimed = _plain(unquote(request.headers.get("x-portage-actor", "")))[:_LONGEST_CLAIM]
    return f"function key, says to be {claimed}" if claimed else "function key"


def _plain(text: str) -> str:
    return "".join(c for c in text.strip() if c.isprintable())
