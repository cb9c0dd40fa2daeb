"""Dates that the portal tells without saying in which time zone: some of its methods do (API facts §9.6)."""

import re

_BARE = rb"(?:(?P<day>\d\d)\.(?P<month>\d\d)\.(?P<year>\d{4})|(?P<date>\d{4}-\d\d-\d\d)) (?P<time>\d\d:\d\d(?::\d\d)?)"
_LIKELY = re.compile(rb'"\d\d(?:\.\d\d\.\d{4}|\d\d-\d\d-\d\d) \d\d:\d\d')
"""Found fast: few answers have any."""

_FIELD = re.compile(rb'(?i)"(?!uf)(?P<name>[a-z_]{0,40}(?:date|time|deadline)[a-z_]{0,40})"\s*:\s*"' + _BARE + b'"')
"""Custom fields are left alone: a text of the customer's may be no date, whatever it looks like."""

_CLOCK = b'"date_start"'
_OFFSET = re.compile(rb'"date_start"\s*:\s*"[^"+Z]{10,30}?(?P<offset>[+-]\d\d:?\d\d|Z)"')


def with_offsets(body: bytes) -> bytes:
    """``body`` (JSON) with such dates in ISO 8601, at the offset that the portal's clock shows in the same answer.

    So rows that are made again of an archived answer are the same. What offset the portal had on that day it does not
    tell: a date of the other half of the year may be an hour off. An answer without a clock stays as it is.
    """
    if _LIKELY.search(body) is None:
        return body
    clock = _OFFSET.match(body, max(0, body.rfind(_CLOCK)))
    return body if clock is None else _FIELD.sub(lambda match: _iso(match, clock["offset"]), body)


def _iso(match: re.Match[bytes], offset: bytes) -> bytes:
    day = match["date"] or b"-".join((match["year"], match["month"], match["day"]))
    return b'"%b":"%bT%b%b"' % (match["name"], day, match["time"], offset)
