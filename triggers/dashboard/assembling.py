"""The dashboard's page, put together of its parts, and the headers that let it do nothing else.

Style and script stand in the page itself and are allowed by their digests, so that one request brings all of it and
nothing that got into the page another way would run.
"""

import base64
import hashlib
from pathlib import Path

_HERE = Path(__file__).parent

SCRIPTS = (
    "words",
    "elements",
    "api",
    "telling",
    "runs",
    "run",
    "letters",
    "gauges",
    "starting",
    "acting",
    "main",
)
"""In the order in which they follow each other, as one module."""


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_STYLE = (_HERE / "style.css").read_text("utf-8")
_SCRIPT = "\n".join((_HERE / f"{name}.js").read_text("utf-8") for name in SCRIPTS)

PAGE = (_HERE / "page.html").read_text("utf-8").replace("{style}", _STYLE).replace("{script}", _SCRIPT)
"""HTML, UTF-8."""

HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'none'",
            f"script-src {_digest(_SCRIPT)}",
            f"style-src {_digest(_STYLE)}",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""``trusted-types``: the browser itself refuses to read data as markup."""
