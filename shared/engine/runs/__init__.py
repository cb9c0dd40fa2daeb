"""Runs: how they start, advance, stop, halt and end, and what is told of them."""
