"""Which adapter is used. Its library is imported here, not before."""

import os
from enum import StrEnum
from importlib import import_module

from shared.http.redaction import register_secret
from shared.ports.telemetry import Telemetry
from shared.telemetry.silent import Silent

ROLE = "portage"
"""What Application Insights calls this application."""

_OFF = "true"
_QUIET = (
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",  # the libraries report about themselves to addresses of their own
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
    "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED",
)


class Adapter(StrEnum):
    """Values of ``PORTAGE_TELEMETRY``."""

    OPENCENSUS = "opencensus"
    OPENTELEMETRY = "opentelemetry"
    NONE = "none"


def select(adapter: Adapter, connection: str | None) -> Telemetry:
    """The adapter for a connection string. Raises ValueError when it is missing, or not one."""
    if adapter is Adapter.NONE:
        return Silent()
    if not connection:
        raise ValueError("APPLICATIONINSIGHTS_CONNECTION_STRING is not set")
    register_secret(connection)
    for name in _QUIET:
        os.environ.setdefault(name, _OFF)
    kind = "OpenCensusTelemetry" if adapter is Adapter.OPENCENSUS else "OpenTelemetryTelemetry"
    try:
        made: Telemetry = getattr(import_module(f"shared.telemetry.{adapter.value}"), kind)(connection, ROLE)
    except ValueError:  # its message may quote what it could not read
        raise ValueError("APPLICATIONINSIGHTS_CONNECTION_STRING is not a connection string") from None
    return made
