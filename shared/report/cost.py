"""What a run cost: an estimate with its arithmetic. Nothing of it is a bill; the prices are assumptions."""

from dataclasses import dataclass

from shared.model.json import JsonObject

EXTRACTION_LIMIT = 25
IMPORT_LIMIT = 60
"""Storage transactions per 1,000 records that the benchmark allows at most."""

TURNS_PER_SECOND = 40.0
"""Storage transactions a second of what is of no page or slice while a run works, as measured on the local system."""

_THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars, rounded up from public price lists; ``docs/guides/cost.md`` says where they come from.

    ``gigabyte_second`` is that of the Flex Consumption plan, ``operations`` of 10,000 blob writes, the dearest sort.
    """

    gigabyte_second: float = 0.000026
    operations: float = 0.07
    instances: int = 3
    gigabytes: int = 2


@dataclass(frozen=True, slots=True)
class Quantities:
    """What a run took. ``extracted`` and ``handled`` are records read, and brought to an end.

    ``seconds`` are those of the whole run. ``transactions`` are those of storage that its workers counted on their
    pages and slices, None where nobody did.
    """

    extracted: int
    handled: int
    seconds: float | None
    transactions: int | None = None


def estimate(run: Quantities, prices: Prices | None = None) -> JsonObject:
    """Lines with amount and arithmetic; ``usd`` is None where the quantity is not known."""
    prices = prices or Prices()
    return {
        "basis": "assumed",
        "currency": "USD",
        "storage_transactions": _transactions(run),
        "lines": [_storage(run, prices), _compute(run.seconds, prices)],
        "not_included": "What the environment costs while it stands there, network traffic, telemetry, and files.",
    }


def _transactions(run: Quantities) -> JsonObject:
    """Turns of the orchestration, wake-ups and shares of budgets are of a process, not of a run: they are estimated.

    Where nothing is measured, the limit is known that the benchmark holds for entities of 5,000 records and more.
    """
    parts = ((run.extracted, "read", EXTRACTION_LIMIT), (run.handled, "handled", IMPORT_LIMIT))
    turns = None if run.transactions is None or run.seconds is None else round(run.seconds * TURNS_PER_SECOND)
    return {
        "measured": run.transactions,
        "around_them": turns,
        "around_them_arithmetic": f"{run.seconds or 0:.0f} s × {TURNS_PER_SECOND:g}",
        "at_most": round(sum(count / _THOUSAND * limit for count, _, limit in parts)),
        "arithmetic": " + ".join(f"{count} {what} / 1,000 × {limit}" for count, what, limit in parts),
    }


def _storage(run: Quantities, prices: Prices) -> JsonObject:
    told = _transactions(run)
    if told["measured"] is None:
        count, words = told["at_most"], f"about {told['at_most']}, not measured,"
    else:
        around = told["around_them"] or 0
        count, words = told["measured"] + around, f"({told['measured']} measured + about {around})"
    return {
        "what": "storage transactions",
        "arithmetic": f"{words} / 10,000 × {prices.operations}",
        "usd": round(count / 10_000 * prices.operations, 4),
    }


def _compute(seconds: float | None, prices: Prices) -> JsonObject:
    told = f"{prices.instances} instances × {prices.gigabytes} GB × {{}} s × {prices.gigabyte_second:f}"
    if seconds is None:
        return {"what": "compute", "arithmetic": told.format("?"), "usd": None}
    spent = prices.instances * prices.gigabytes * seconds * prices.gigabyte_second
    return {"what": "compute", "arithmetic": told.format(f"{seconds:.0f}"), "usd": round(spent, 4)}
