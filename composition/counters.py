"""Counts of this process, for ``GET /api/metrics``, the collector of telemetry, and the benchmarks."""

from collections import Counter
from dataclasses import dataclass, field

from shared.http.client import Timing
from shared.model.ledger import PageRow
from shared.model.reasons import REASONS, Reaction
from shared.ports.telemetry import Reading
from shared.telemetry.catalogue import CALLS, LATENCY, PAGES, RECORDS, RETRIES, SKIPPED, STORAGE, THROTTLED
from shared.telemetry.metering import Meter
from shared.telemetry.prometheus import exposition

OUTCOMES = ("extracted", "imported", "skipped", "duplicate", "failed", "dead_lettered")
"""Of records, as the status of a run names them."""


@dataclass(slots=True)
class Counters:
    """What the parts of a process count; nothing is ever taken away."""

    meter: Meter = field(default_factory=Meter)
    storage: Counter[str] = field(default_factory=Counter)
    _metered: Counter[str] = field(default_factory=Counter)

    def call(self, system: str, method: str, verdict: str) -> None:
        """One call to ``source`` or ``target`` and how it went; a command within a batch is one, too."""
        self.meter.add(CALLS, system, method, verdict)
        if verdict in REASONS and REASONS[verdict].reaction is Reaction.SLOW_DOWN:
            self.meter.add(THROTTLED, system, method)

    def timing(self, system: str) -> Timing:
        """Notes how long the HTTP calls to one side took, and which of them were repeats."""

        def note(method: str, milliseconds: float, before: int) -> None:
            self.meter.observe(LATENCY, system, method, value=milliseconds)
            if before:
                self.meter.add(RETRIES, system, method)

        return note

    def completed(self, row: PageRow) -> None:
        """A page or slice that this process completed."""
        entity = row.key.entity
        self.meter.add(PAGES, entity, row.key.stage.value)
        for outcome in OUTCOMES:
            if count := getattr(row.counts, outcome):
                self.meter.add(RECORDS, entity, outcome, value=count)
        if row.counts.skipped:
            self.meter.add(SKIPPED, entity, value=row.counts.skipped)

    def readings(self) -> list[Reading]:
        """What came in since the last time."""
        self._meter_storage()
        return self.meter.drain()

    def exposition(self) -> str:
        """Everything since the process began, in Prometheus text format."""
        self._meter_storage()
        return exposition(self.meter.totals())

    def _meter_storage(self) -> None:
        for service, count in self.storage.items():
            if new := count - self._metered[service]:
                self.meter.add(STORAGE, service, value=new)
        self._metered = self.storage.copy()
