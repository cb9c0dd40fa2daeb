"""One folder per system that is read or written; ``composition/jobs.py`` has one line for each."""
