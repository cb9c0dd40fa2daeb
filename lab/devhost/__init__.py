"""Local Functions host: a development aid that runs `function_app.py` against Azurite (see README.md)."""
