"""Extraction: ranges and pages of the source into the archive."""
