"""Undoing what a run wrote: the target first, then the id map, which follows it."""
