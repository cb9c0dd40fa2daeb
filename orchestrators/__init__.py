"""When things happen: deterministic generators without I/O, clock or randomness; ids and counts only."""
