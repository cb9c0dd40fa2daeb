"""Characters as they should have been: emoji that a kernel encoded, line ends, what no text can carry, old entities."""

import html
import re

_ENCODED = re.compile(r":(f[0-4][0-9a-f]{6}):", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ENTITY = re.compile(r"&(?:quot|amp|lt|gt|apos|nbsp|#0*(?:34|38|39|60|62|91|93|124));")


def decode_emoji(text: str) -> str:
    """``:f09f9880:`` → 😀: the hexadecimal UTF-8 of a four-byte character between colons (API facts §9.5).

    What looks like it and is no such character stays as it is.
    """
    return _ENCODED.sub(_character, text) if ":f" in text or ":F" in text else text


def normalise(text: str) -> str:
    """Emoji decoded, line ends as ``\\n``; control characters left out, half characters replaced by ``\\ufffd``."""
    text = _CONTROL.sub("", _LINE_END.sub("\n", text))
    return decode_emoji(_SURROGATE.sub("\ufffd", text))


def decode_title(text: str) -> str:
    """A one-line text that was stored encoded for HTML, decoded once; any other as it is (API facts §9.5, item 28).

    It counts as encoded only if every ``&`` begins one of the entities that encoding makes and none of the characters
    that encoding removes is left: ``R&D &amp; more`` was typed like that.
    """
    if "&" not in text or any(one in text for one in '<>"') or "&" in _ENTITY.sub("", text):
        return text
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text)


def _character(match: re.Match[str]) -> str:
    try:
        return bytes.fromhex(match[1]).decode()
    except UnicodeDecodeError:
        return match[0]
