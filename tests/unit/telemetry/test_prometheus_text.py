"""The Prometheus text format, read by Prometheus' own parser."""

from prometheus_client.parser import text_string_to_metric_families

from shared.ports.telemetry import Kind, Metric
from shared.telemetry import catalogue
from shared.telemetry.metering import BUCKETS, Meter
from shared.telemetry.prometheus import exposition

ODD = 'back\\slash "quoted"\nsecond line'
CALLS = Metric("portage.calls", Kind.COUNTER, ODD, ("method", "verdict"))
LATENCY = Metric("portage.latency_ms", Kind.HISTOGRAM, "Latency", ("method",))


def _samples(meter: Meter) -> dict[str, list[tuple[dict[str, str], float]]]:
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(exposition(meter.totals())):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def test_labels_come_back_as_they_went_in() -> None:
    meter = Meter()
    meter.add(CALLS, ODD, "ok")
    assert _samples(meter) == {"portage_calls_total": [({"method": ODD, "verdict": "ok"}, 1.0)]}


def test_every_metric_of_the_catalogue_has_a_type_and_a_help_text() -> None:
    meter = Meter()
    metrics = [one for one in vars(catalogue).values() if isinstance(one, Metric)]
    for metric in metrics:
        labels = ["x"] * len(metric.labels)
        if metric.kind is Kind.COUNTER:
            meter.add(metric, *labels)
        elif metric.kind is Kind.GAUGE:
            meter.set(metric, *labels, value=0.25)
        else:
            meter.observe(metric, *labels, value=3)
    families = list(text_string_to_metric_families(exposition(meter.totals())))
    told = {(family.name, family.type) for family in families if family.documentation}
    assert told == {(metric.name.replace(".", "_"), metric.kind.value) for metric in metrics}


def test_a_help_text_of_two_lines_stays_one_comment() -> None:
    meter = Meter()
    meter.add(CALLS, "user.get", "ok")
    (family,) = text_string_to_metric_families(exposition(meter.totals()))
    assert family.documentation == ODD


def test_buckets_of_a_histogram_add_up() -> None:
    meter = Meter()
    for milliseconds in (25.0, 26.0, 90_000.0):
        meter.observe(LATENCY, "user.get", value=milliseconds)
    samples = _samples(meter)
    counts = [value for _, value in samples["portage_latency_ms_bucket"]]
    assert counts == [1.0, *[2.0] * (len(BUCKETS) - 1), 3.0]
    assert samples["portage_latency_ms_count"] == [({"method": "user.get"}, 3.0)]


def test_nothing_measured_is_an_empty_text() -> None:
    assert exposition(Meter().totals()) == ""
