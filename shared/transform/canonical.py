"""The canonical form of a record (RFC 8785) and the checksum over it, as both sides of a write compute them."""

import hashlib

import rfc8785

from shared.model.errors import RecordRejected
from shared.model.json import Json


def canonical_bytes(data: Json) -> bytes:
    """The RFC 8785 form of a JSON value, in UTF-8.

    Raises RecordRejected("transform.bad_value") for what JSON cannot carry unchanged: integers beyond 2**53 - 1, NaN,
    infinities, lone surrogates, and Python types that JSON has no form for.
    """
    try:
        return rfc8785.dumps(data)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise RecordRejected("transform.bad_value", f"The record has no canonical form: {error}") from error


def checksum(data: Json) -> str:
    """SHA-256 over the canonical form, 64 hexadecimal digits (contract §2). Raises as ``canonical_bytes`` does."""
    return hashlib.sha256(canonical_bytes(data)).hexdigest()
