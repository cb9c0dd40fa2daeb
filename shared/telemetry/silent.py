"""Telemetry that nobody collects."""

from collections.abc import Sequence

from shared.ports.telemetry import Event, Reading
from shared.ports.tracing import Span


class Silent:
    """See ``shared.ports.telemetry.Telemetry``. Takes everything and keeps nothing."""

    def spans(self, spans: Sequence[Span]) -> None:
        """Drop them."""

    def metrics(self, readings: Sequence[Reading]) -> None:
        """Drop them."""

    def events(self, events: Sequence[Event]) -> None:
        """Drop them."""

    def close(self) -> None:
        """Nothing was opened."""
