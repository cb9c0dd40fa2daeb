"""The engine and what it stands on. Knows no vendor: systems live in ``connectors``, jobs in ``plans``."""
