// Budgets, from the metrics of the instance that answers. Format: Prometheus text, version 0.0.4.

const SERIES = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/;
const NONE_MEASURED = "The instance that answered has measured none in the last minutes.";
const LABEL = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g;

function readMetrics(text) {
  const found = [];
  for (const line of text.split("\n")) {
    const [, name, inner, value] = SERIES.exec(line) ?? [];
    if (name === undefined) continue;
    const labels = Object.fromEntries([...(inner ?? "").matchAll(LABEL)].map(([, label, told]) => [label, told]));
    found.push({ name, labels, value: Number(value) });
  }
  return found;
}

function showGauges(text) {
  const measured = readMetrics(text).filter((one) => one.name === "portage_budget_used");
  const budgets = measured.filter((one) => one.value > 0 || one.labels.system === "source");
  const idle = measured.length - budgets.length;
  setText(byId("no-gauges"), measured.length ? `${idle} more were not used in the last minute.` : NONE_MEASURED);
  show(byId("no-gauges"), measured.length === 0 || idle > 0);
  reconcile(byId("gauges"), budgets, budgetName, newGauge, (item, budget) => {
    const [, meter, output] = item.children;
    meter.value = Math.min(1, budget.value);
    setText(output, `${share(budget.value)} of the last minute's allowance`);
  });
}

function budgetName(budget) {
  return `${budget.labels.system}: ${budget.labels.budget}`;
}

function newGauge(budget) {
  const name = budgetName(budget);
  return make("li", {}, make("span", {}, name), make("meter", { min: "0", max: "1", high: "0.95", "aria-label": name }), make("output"));
}
