"""Puts the pieces together; triggers and activities ask it for ``current()``."""
