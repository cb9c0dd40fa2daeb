"""Who makes a request: the platform's principal header, else the key."""

import azure.functions as func

_LONGEST = 200


def who(request: func.HttpRequest) -> str:
    """A name to store with what was done. The platform sets the header for people who signed in."""
    name = request.headers.get("x-ms-client-principal-name", "").strip()
    return "".join(c for c in name if c.isprintable())[:_LONGEST] or "function key"
