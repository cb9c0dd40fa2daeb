"""The ``portage`` command: a client of the HTTP API (DESIGN §5) and nothing more; it decides nothing about a run."""
