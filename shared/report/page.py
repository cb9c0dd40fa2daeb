"""The report as a page of HTML that prints well: no script, nothing from elsewhere, every text escaped."""

import base64
import hashlib
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from shared.model.json import Json, JsonObject

_HERE = Path(__file__).parent / "templates"
_STYLE = (_HERE / "report.css").read_text("utf-8")

_MINUTE = 60
_HOUR = 3600
_LONGEST = 2000


def render(document: JsonObject) -> str:
    """``document`` is what ``Reports.of`` gives."""
    return _ENVIRONMENT.get_template("report.html.jinja").render(document, style=Markup(_STYLE))  # noqa: S704  # our own file


def policy() -> str:
    """The ``Content-Security-Policy`` of the page: its own style and nothing else, even if something broke out."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _shown(value: Json) -> str:
    """Text fit for a page: what cannot be printed (it may turn the direction of what follows) is told as its code."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)[:_LONGEST]
    return "".join(char if char.isprintable() or char == "\n" else f"\\u{ord(char):04x}" for char in text)


def _words(name: Json) -> str:
    return _shown(str(name).replace("_", " "))


def _number(value: Json) -> str:
    return f"{value:,}".replace(",", "\N{NO-BREAK SPACE}")


def _share(value: float) -> str:
    return f"{value * 100:.4g} %"


def _option(value: Json) -> str:
    return _share(value) if isinstance(value, float) else _shown(value)


def _dash(value: Json) -> str:
    return "–" if value is None else _shown(value)


def _moment(text: str) -> str:
    """Of an ISO instant in UTC; another text stays as it is."""
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return _shown(text)


def _lasting(seconds: float) -> str:
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    minutes, rest = divmod(whole, _MINUTE)
    return f"{minutes} min {rest} s" if whole < _HOUR else f"{whole // _HOUR} h {minutes % _MINUTE} min"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=select_autoescape(("html", "jinja"), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "shown": _shown,
        "words": _words,
        "number": _number,
        "share": _share,
        "option": _option,
        "dash": _dash,
        "moment": _moment,
        "lasting": _lasting,
    }
    return environment


_ENVIRONMENT = _environment()
