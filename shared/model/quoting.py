"""Text from outside, safe and short enough to be quoted in a message."""

_MOST = 80


def has_control_characters(text: str) -> bool:
    """Whether something in ``text`` is neither a printable character nor a space."""
    return not text.isprintable()


def quoted(text: str, most: int = _MOST) -> str:
    """``text``, at most ``most`` characters of it, with what cannot be printed escaped as in JSON."""
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in cut)
