"""Causes: what failures with the same root have in common."""

import hashlib
import re


def fingerprint(entity: str, reason: str, field: str | None, message: str) -> str:
    """The cause that failures share: reason and message without the ids and values that differ between records."""
    shape = re.sub(r"'[^']*'|\"[^\"]*\"|\S*\d\S*|\S+@\S+", "…", message.lower())
    text = "|".join((entity, reason, field or "", " ".join(shape.split())))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
