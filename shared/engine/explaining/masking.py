"""Masking: what an explanation shows of people's data."""

import hashlib
import re
from dataclasses import dataclass

from shared.engine.proof.findings import shown
from shared.model.json import Json

RULE = (
    "Shown as they are: flags, numbers of up to nine digits, instants, ids, and codes where a field holds codes. Of "
    "other texts the first two characters, their length and a digest, which is the same for the same text; of e-mail "
    "addresses, phone numbers and birthdays the length and the digest alone."
)

_HIDDEN = ("step email", "step phone", "step date")
_CODES = ("step choice", "step flag", "step integer", "step decimal", "step instant", "reference to")
_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,9})?")
_PHONE = re.compile(r"\+?[\d\s().\-]{10,}|\+[\d\s().\-]+")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?")
_LARGEST = 10**9
_TELLING = 2
"""Characters of a text that are shown, where any are."""


@dataclass(frozen=True, slots=True)
class Masking:
    """Masks values, unless all is to be ``open``."""

    open: bool = False

    @property
    def rule(self) -> str:
        """What is shown, in words."""
        return "Everything is shown as it is (PORTAGE_SHOW_PERSONAL_DATA)." if self.open else RULE

    def of(self, value: Json, by: str = "") -> Json:
        """``value`` with its structure; ``by`` names the step that makes it or is made of it."""
        if self.open or value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, dict):
            return {name: self.of(one, by) for name, one in value.items()}
        if isinstance(value, list):
            return [self.of(one, by) for one in value]
        if isinstance(value, int):
            return value if abs(value) < _LARGEST else _hidden(str(value))
        return _masked(value, by)


def _masked(text: str, by: str) -> str:
    if len(text) <= 1 or (by not in _HIDDEN and (_INSTANT.fullmatch(text) or _NUMBER.fullmatch(text))):
        return text
    if by in _HIDDEN or _PHONE.fullmatch(text):
        return _hidden(text)
    return shown(text) or text if by.startswith(_CODES) else _hidden(text, text[:_TELLING])


def _hidden(text: str, told: str = "") -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{told}… ({len(text)} characters, {digest})"
