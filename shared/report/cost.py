"""What a run cost: an estimate with its arithmetic. Nothing of it is a bill; the prices are assumptions."""

from dataclasses import dataclass

from shared.model.json import JsonObject

EXTRACTION_LIMIT = 25
IMPORT_LIMIT = 60
"""Storage transactions per 1,000 records that the benchmark allows at most."""

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


def estimate(extracted: int, handled: int, seconds: float | None, prices: Prices | None = None) -> JsonObject:
    """Lines with amount and arithmetic; ``usd`` is None where the quantity is not known.

    ``extracted`` and ``handled`` are records read, and brought to an end. ``seconds`` are those of the whole run.
    """
    prices = prices or Prices()
    return {
        "basis": "assumed",
        "currency": "USD",
        "storage_transactions": _transactions(extracted, handled),
        "lines": [_storage(extracted, handled, prices), _compute(seconds, prices)],
        "not_included": "What the environment costs while it stands there, network traffic, telemetry, and files.",
    }


def _transactions(extracted: int, handled: int) -> JsonObject:
    """They are counted by process, not by run: the limit that the benchmark holds is what is known."""
    most = round(extracted / _THOUSAND * EXTRACTION_LIMIT + handled / _THOUSAND * IMPORT_LIMIT)
    return {
        "measured": None,
        "at_most": most,
        "arithmetic": f"{extracted} read / 1,000 × {EXTRACTION_LIMIT} + {handled} handled / 1,000 × {IMPORT_LIMIT}",
    }


def _storage(extracted: int, handled: int, prices: Prices) -> JsonObject:
    most = _transactions(extracted, handled)["at_most"]
    return {
        "what": "storage transactions",
        "arithmetic": f"at most {most} / 10,000 × {prices.operations}",
        "usd": round(most / 10_000 * prices.operations, 4),
    }


def _compute(seconds: float | None, prices: Prices) -> JsonObject:
    told = f"{prices.instances} instances × {prices.gigabytes} GB × {{}} s × {prices.gigabyte_second:f}"
    if seconds is None:
        return {"what": "compute", "arithmetic": told.format("?"), "usd": None}
    spent = prices.instances * prices.gigabytes * seconds * prices.gigabyte_second
    return {"what": "compute", "arithmetic": told.format(f"{seconds:.0f}"), "usd": round(spent, 4)}
