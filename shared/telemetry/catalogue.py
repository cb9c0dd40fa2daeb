"""Every metric of Portage. Alert rules and dashboards know them by these names."""

from shared.ports.telemetry import Kind, Metric

RECORDS = Metric(
    "portage.records", Kind.COUNTER, "Records by what came of them, as their pages completed", ("entity", "outcome")
)
SKIPPED = Metric("portage.skipped_count", Kind.COUNTER, "Records that were left out as unchanged", ("entity",))
PAGES = Metric("portage.pages", Kind.COUNTER, "Pages and slices that were completed", ("entity", "stage"))
CALLS = Metric("portage.calls", Kind.COUNTER, "HTTP calls by how they went", ("system", "method", "verdict"))
LATENCY = Metric(
    "portage.latency_ms",
    Kind.HISTOGRAM,
    "Milliseconds from sending a call to the end of its answer",
    ("system", "method"),
)
RETRIES = Metric("portage.retries", Kind.COUNTER, "Calls that repeated one that failed", ("system", "method"))
THROTTLED = Metric(
    "portage.throttled", Kind.COUNTER, "Calls that the other side refused for their rate", ("system", "method")
)
STORAGE = Metric("portage.storage_transactions", Kind.COUNTER, "Transactions of the storage account", ("service",))

BUDGET_USED = Metric(
    "portage.budget_used",
    Kind.GAUGE,
    "Calls in the last minute as a share of what the budget allows",
    ("system", "budget"),
)
DEAD_LETTERS = Metric("portage.dead_letters", Kind.GAUGE, "Dead letters that nobody has settled")
POISON_DEPTH = Metric("portage.poison_depth", Kind.GAUGE, "Messages in a poison queue", ("queue",))
OLDEST_PENDING = Metric(
    "portage.oldest_pending_seconds", Kind.GAUGE, "Age of the oldest wake-up whose page is not completed", ("plan",)
)
SINCE_PROGRESS = Metric(
    "portage.seconds_since_progress", Kind.GAUGE, "Since a running run last completed a page", ("plan",)
)
RUNS_HALTED = Metric(
    "portage.runs_halted", Kind.GAUGE, "Runs that halted and wait for somebody to resume or cancel them", ("plan",)
)
CODE_EXPIRES = Metric(
    "portage.code_expires_days", Kind.GAUGE, "Days until the gateway's import code expires", ("plan",)
)
