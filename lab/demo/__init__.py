"""`make demo`: a migration from nothing, checked by reading both sides."""
