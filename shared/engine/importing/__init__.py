"""Importing: slices of the archive into the target."""
