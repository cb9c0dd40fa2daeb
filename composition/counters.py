"""Counters of this process, for ``GET /api/metrics`` and the benchmarks."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Plain counts by labels; nothing is ever taken away."""

    storage: Counter[str] = field(default_factory=Counter)
    calls: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def call(self, system: str, method: str, verdict: str) -> None:
        """One HTTP call to ``source`` or ``target`` and how it went."""
        self.calls[system, method, verdict] += 1

    def exposition(self) -> str:
        """Prometheus text format, version 0.0.4."""
        lines = ["# TYPE portage_storage_transactions_total counter"]
        lines += [
            f'portage_storage_transactions_total{{service="{service}"}} {count}'
            for service, count in sorted(self.storage.items())
        ]
        lines.append("# TYPE portage_calls_total counter")
        lines += [
            f'portage_calls_total{{system="{system}",method="{method}",verdict="{verdict}"}} {count}'
            for (system, method, verdict), count in sorted(self.calls.items())
        ]
        return "\n".join(lines) + "\n"
