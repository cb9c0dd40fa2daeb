"""Prometheus text format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate

from shared.ports.telemetry import Kind, Metric
from shared.telemetry.metering import BUCKETS, Total

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_Family = tuple[Metric, tuple[str, ...], Total]


def exposition(families: Iterable[_Family]) -> str:
    """The text; all series of a metric have to come one after the other."""
    return "".join(f"{line}\n" for line in _lines(families))


def _lines(families: Iterable[_Family]) -> Iterator[str]:
    told: Metric | None = None
    for metric, labels, total in families:
        name = _name(metric)
        if metric != told:
            yield f"# HELP {name} {_escaped(metric.about)}"
            yield f"# TYPE {name} {metric.kind.value}"
            told = metric
        given = list(zip(metric.labels, labels, strict=True))
        if metric.kind is Kind.HISTOGRAM:
            bounds = [*map(_number, BUCKETS), "+Inf"]
            for bound, count in zip(bounds, accumulate(total.buckets), strict=True):
                yield f"{name}_bucket{_labelled([*given, ('le', bound)])} {count}"
            yield f"{name}_sum{_labelled(given)} {_number(total.value)}"
            yield f"{name}_count{_labelled(given)} {total.count}"
        else:
            yield f"{name}{_labelled(given)} {_number(total.value)}"


def _name(metric: Metric) -> str:
    name = metric.name.replace(".", "_")
    return f"{name}_total" if metric.kind is Kind.COUNTER else name


def _labelled(pairs: list[tuple[str, str]]) -> str:
    if not pairs:
        return ""
    inner = ",".join(f'{name}="{_escaped(value).replace(chr(34), chr(92) + chr(34))}"' for name, value in pairs)
    return f"{{{inner}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
