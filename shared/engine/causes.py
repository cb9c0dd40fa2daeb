"""Causes: what failures with the same root have in common."""

import hashlib
import re
from collections.abc import Sequence

from shared.engine.letters import Cause

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"

_VALUE = re.compile(rf"'[^']*'|\"[^\"]*\"|\S+@\S+|\d{{1,2}}\.? {_MONTH}\b|\b{_MONTH} \d{{1,2}}\b|\S*\d\S*")
"""Quotations, e-mail addresses, dates in words, and whatever has a digit: ids, numbers, dates, times."""

_LISTED = re.compile(r"(\b\w+ …)(?:,? \1)+")
"""The same kind of thing, several times."""


def fingerprint(entity: str, reason: str, field: str | None, message: str) -> str:
    """The cause that failures share: reason and message without the ids and values that differ between records."""
    shape = " ".join(_VALUE.sub("…", message.lower()).split())
    shape = _LISTED.sub(r"\1", shape)
    text = "|".join((entity, reason, field or "", re.sub(r"…(?: …)+", "…", shape)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def top_causes(causes: Sequence[Cause], most: int = 3) -> str:
    """The first ``most`` of ``causes`` in words, with how many letters share each and one of their ids."""
    told = []
    for cause in causes[:most]:
        one = cause.first
        where = f"{one.reason}, {one.field}" if one.field else one.reason
        told.append(f"{cause.count} x {one.entity} ({where}): {one.message}, as {one.entity} {one.source_id}")
    return "; ".join(told)
