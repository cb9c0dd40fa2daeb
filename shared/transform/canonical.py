"""The canonical form of a record (RFC 8785) and the checksum over it, as both sides of a write compute them."""

import hashlib

import orjson
import rfc8785

from shared.model.errors import RecordRejected
from shared.model.json import Json

_LARGEST = 2**53 - 1
_ALIKE = (str, bool)
"""What both forms write alike."""


def canonical_bytes(data: Json) -> bytes:
    """The RFC 8785 form of a JSON value, in UTF-8.

    Raises RecordRejected("transform.bad_value") for what JSON cannot carry unchanged: integers beyond 2**53 - 1, NaN,
    infinities, lone surrogates, and Python types that JSON has no form for.
    """
    try:
        return orjson.dumps(data, option=orjson.OPT_SORT_KEYS) if _is_plain(data) else rfc8785.dumps(data)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, orjson.JSONEncodeError) as error:
        raise RecordRejected("transform.bad_value", f"The record has no canonical form: {error}") from error


def checksum(data: Json) -> str:
    """SHA-256 over the canonical form, 64 hexadecimal digits (contract §2). Raises as ``canonical_bytes`` does."""
    return hashlib.sha256(canonical_bytes(data)).hexdigest()


def _is_plain(value: Json) -> bool:
    """Whether sorted compact JSON is the canonical form already: that only differs in floats and beyond ASCII keys."""
    if value is None or isinstance(value, _ALIKE):
        return True
    if isinstance(value, int):
        return -_LARGEST <= value <= _LARGEST
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain_key, value)) and all(map(_is_plain, value.values()))
    return False


def _is_plain_key(key: object) -> bool:
    return isinstance(key, str) and key.isascii()
