"""Cutting over: a window in which nobody writes at the source, the last delta, the decision, and what comes after."""
