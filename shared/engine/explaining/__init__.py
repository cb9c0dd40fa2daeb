"""Explaining: the life of one record, out of what the engine has written down about it."""
