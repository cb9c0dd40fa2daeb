"""Transform steps: small pure functions from one source value to one canonical value.

A step gets the value as the source gave it (never "nothing": the mapping has dealt with that) and the rule's options.
It raises ValueError with a sentence for the operator when the value makes no sense.
"""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from shared.model.json import Json, JsonObject
from shared.transform.text.characters import decode_title, normalise

Step = Callable[[Json, JsonObject], Json]

_DATE = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})")
_DOTTED_DATE = re.compile(r"(?P<day>\d{2})\.(?P<month>\d{2})\.(?P<year>\d{4})(?!\d)")
_UNIX_SECONDS = re.compile(r"\d{9,10}")
_INTEGER = re.compile(r"^[+-]?\d{1,18}$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+$")
_PHONE = re.compile(r"^\+?[\d\s().\-\u00a0\u2010-\u2015/]+$")
_MIN_PHONE_DIGITS = 5
_MOST_DIGITS = 30
_TRUE = ("Y", "1", 1, True)
_FALSE = ("N", "0", 0, False)


def text(value: Json, _options: JsonObject) -> str | None:
    """Text as it is, without blanks at its ends."""
    return _plain(value).strip() or None


def line(value: Json, _options: JsonObject) -> str | None:
    """One line of text: every run of white space becomes one blank."""
    return " ".join(_plain(value).split()) or None


def email(value: Json, _options: JsonObject) -> str | None:
    """An address in lower case."""
    address = _plain(value).strip().lower()
    if address and not _EMAIL.match(address):
        raise ValueError("is not an e-mail address")
    return address or None


def phone(value: Json, _options: JsonObject) -> str | None:
    """Digits with a leading ``+`` if it had one; a number with letters (an extension, a remark) stays as it is."""
    number = _plain(value).strip()
    digits = re.sub(r"\D", "", number)
    if not _PHONE.match(number) or len(digits) < _MIN_PHONE_DIGITS:
        return number or None
    return f"+{digits}" if number.startswith("+") else digits


def yes_or_no(value: Json) -> bool | None:
    """``true/false``, ``"Y"/"N"``, ``"1"/"0"``, ``1/0`` (API facts §9.1.6); None for what is neither."""
    if value in _TRUE:
        return True
    return False if value in _FALSE else None


def flag(value: Json, _options: JsonObject) -> bool:
    """Yes or no in any spelling."""
    if (said := yes_or_no(value)) is None:
        raise ValueError("is neither yes nor no")
    return said


def integer(value: Json, _options: JsonObject) -> int:
    """A whole number, given as one or as text."""
    if isinstance(value, bool) or not _INTEGER.match(str(value)):
        raise ValueError("is not a whole number")
    return int(value)


def date(value: Json, _options: JsonObject) -> str:
    """``YYYY-MM-DD``: what stands before the time. Cut, never shifted between zones; ``24.08.2023`` is one, too."""
    match = _DATE.match(_plain(value)) or _DOTTED_DATE.match(_plain(value))
    if not match:
        raise ValueError("is not a date")
    try:
        return datetime(int(match["year"]), int(match["month"]), int(match["day"]), tzinfo=UTC).date().isoformat()
    except ValueError:
        raise ValueError("is not a date of the calendar") from None


def instant(value: Json, _options: JsonObject) -> str:
    """UTC ISO 8601 with ``Z``, to the second (finer when the source is). The source must give its offset.

    Unix seconds need none.
    """
    told = _plain(value)
    try:
        moment = (
            datetime.fromtimestamp(int(told), UTC) if _UNIX_SECONDS.fullmatch(told) else datetime.fromisoformat(told)
        )
    except ValueError:
        raise ValueError("is not an ISO 8601 instant") from None
    if moment.tzinfo is None:
        raise ValueError("has no time zone offset")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def decimal(value: Json, _options: JsonObject) -> str:
    """Money and other exact numbers as text without an exponent: ``"19999.99"``; a currency behind a bar is cut."""
    try:
        number = Decimal(_plain(value).partition("|")[0].strip())
    except InvalidOperation:
        raise ValueError("is not a number") from None
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("is not a number that can be written down")
    return f"{number:f}"


def title(value: Json, _options: JsonObject) -> str | None:
    """One line of text, with emoji and entities decoded where an old record holds them encoded."""
    return line(decode_title(normalise(_plain(value))), {})


def structure(value: Json, _options: JsonObject) -> Json:
    """An object or a list as it is."""
    if not isinstance(value, dict | list):
        raise ValueError("is neither an object nor a list")  # noqa: TRY004  # what steps raise
    return value


def choice(value: Json, options: JsonObject) -> Json:
    """A code translated by the rule's ``values``; an unknown one is refused. ``Y`` and ``N`` come in any spelling."""
    values = options["values"]
    code = str(value)
    if code not in values and (said := yes_or_no(value)) is not None:
        code = "Y" if said else "N"
    if code not in values:
        raise ValueError(f"is none of {', '.join(sorted(values))}")
    return values[code]


def text_as_html(value: Json, _options: JsonObject) -> str | None:
    """Plain text made safe to show as HTML, line breaks kept."""
    lines = _plain(value).strip().replace("\r\n", "\n").split("\n")
    return "<br>".join(html.escape(one, quote=False) for one in lines) or None


def _plain(value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError("is not text")


STEPS: dict[str, Step] = {
    "choice": choice,
    "date": date,
    "decimal": decimal,
    "email": email,
    "flag": flag,
    "instant": instant,
    "integer": integer,
    "line": line,
    "phone": phone,
    "structure": structure,
    "text": text,
    "text_as_html": text_as_html,
    "title": title,
}
