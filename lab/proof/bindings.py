"""Codes of CRM records in other records (API facts §5.6)."""

import re

_CLASSIC = {"D": "deal", "C": "contact", "CO": "company"}
_SMART = re.compile(r"T([0-9a-f]+)$")


def bound(code: str) -> tuple[str, str] | None:
    """(entity, source id) for ``D_17`` or ``T80_6``, the type in hexadecimal; None for leads and the like."""
    kind, _, number = code.rpartition("_")
    if (match := _SMART.match(kind)) is not None:
        return "smart_process_item", f"{int(match[1], 16)}:{number}"
    return (_CLASSIC[kind], number) if kind in _CLASSIC else None
