// One run: figures, entities, gates.

const ENDS = ["imported", "skipped", "duplicate", "failed", "left_out"];
const WORKS = ["queued", "running"];
const MAY_RESUME = ["paused", "halted"];
let lastTold = "";

function showRun(status, archived) {
  const progress = progressOf(status, archived);
  const letters = total(status, "dead_lettered");
  setText(byId("run-title"), `Run ${status.run_id}`);
  setText(byId("run-note"), noteOf(status));
  setState(byId("figure-state"), status.state);
  setText(byId("figure-eta"), status.finished_at ? "ended" : lasting(status.eta_seconds));
  setText(byId("figure-rate"), status.rate === null ? NOT_KNOWN : number(status.rate));
  setText(byId("figure-calls"), `${number(status.calls.source)}, ${number(status.calls.target)}`);
  setText(byId("figure-letters"), number(letters));
  showProgress(status, progress);
  byId("pause").disabled = !WORKS.includes(status.state);
  byId("resume").disabled = !MAY_RESUME.includes(status.state);
  byId("cancel").disabled = !WORKS.includes(status.state) && !MAY_RESUME.includes(status.state);
  showEntities(status);
  showGates(status.gates);
  show(byId("run"), true);
  const told = `Run ${status.run_id} is ${words(status.state)}`;
  if (told !== lastTold) announce(told);
  lastTold = told;
}

function total(status, name) {
  return Object.values(status.entities).reduce((sum, entity) => sum + entity[name], 0);
}

function handled(entity) {
  return ENDS.reduce((sum, name) => sum + entity[name], 0);
}

// Share of reading and importing that is done; null while the source's own counts are not known.
function progressOf(status, archived) {
  let due = 0;
  let done = 0;
  for (const [name, entity] of Object.entries(status.entities)) {
    if (entity.blocked_by) continue;
    const records = entity.pages.total === null ? entity.expected : entity.extracted;
    if (records === null) return null;
    const once = archived.has(name);
    due += Math.max(records, entity.extracted) * (once ? 1 : 2);
    done += entity.extracted + (once ? 0 : handled(entity));
  }
  return due === 0 ? 1 : Math.min(1, done / due);
}

function showProgress(status, progress) {
  const bar = byId("progress");
  if (progress === null) bar.removeAttribute("value");
  else bar.value = progress;
  const entities = Object.values(status.entities);
  const read = number(total(status, "extracted"));
  const done = number(entities.reduce((sum, entity) => sum + handled(entity), 0));
  const whole = entities.filter((entity) => entity.pages.total !== null).length;
  const known = progress === null ? `${whole} of ${entities.length} entities are read` : share(progress);
  setText(byId("progress-text"), `${known}; ${read} records read, ${done} brought to an end`);
}

function noteOf(status) {
  const parts = [`${words(status.mode)} of ${status.plan}, started ${moment(status.started_at)} by ${status.started_by}`];
  if (status.finished_at) parts.push(`ended ${moment(status.finished_at)}`);
  if (status.phase) parts.push(`a ${status.phase} is under way`);
  if (status.waiting_on) parts.push(`waits for the ${status.waiting_on} since ${moment(status.waiting_since)}`);
  if (status.waiting_reason) parts.push(status.waiting_reason);
  if (status.reason) parts.push(status.reason);
  if (status.message) parts.push(status.message);
  return `${parts.join("; ")}.`;
}

function showEntities(status) {
  reconcile(byId("entity-rows"), Object.entries(status.entities), ([name]) => name, newEntityRow, (line, [name, entity]) => {
    const [, pages, ...cells] = line.children;
    showPages(pages, name, entity.pages);
    ["extracted", "imported", "skipped", "duplicate", "failed", "dead_lettered"].forEach((count, index) => {
      setText(cells[index], number(entity[count]));
    });
    setState(cells[6].firstChild, entity.verdict);
    setText(cells[7], entityNote(entity));
  });
}

function newEntityRow([name]) {
  const line = row(10, [2, 3, 4, 5, 6, 7]);
  setText(line.firstChild, name);
  line.children[1].className = "pages";
  line.children[1].append(make("progress", { max: "1", "aria-label": `Pages of ${name}` }), " ", make("span"));
  line.children[8].append(make("span"));
  return line;
}

function showPages(cell, name, pages) {
  const [bar, text] = cell.children;
  if (pages.total === null) bar.removeAttribute("value");
  else bar.value = pages.total === 0 ? 1 : pages.done / pages.total;
  setText(text, `${number(pages.done)} of ${pages.total === null ? "?" : number(pages.total)}`);
}

function entityNote(entity) {
  const parts = [];
  if (entity.blocked_by) parts.push(`stopped: ${entity.blocked_by}`);
  if (entity.message) parts.push(entity.message);
  if (entity.incomplete) parts.push(`incomplete: ${entity.incomplete}`);
  if (entity.waiting) parts.push(`${number(entity.waiting.pages)} pages wait until ${moment(entity.waiting.until)}: ${entity.waiting.message ?? entity.waiting.reason ?? ""}`);
  if (entity.left_out) parts.push(`${number(entity.left_out)} left out by decision`);
  return parts.join("; ");
}

function showGates(gates) {
  show(byId("no-gates"), gates.length === 0);
  show(byId("gates-table"), gates.length > 0);
  reconcile(byId("gates"), gates, (gate) => gate.gate, newGateRow, (line, gate) => {
    const [name, result, wanted, found, detail] = line.children;
    setText(name, words(gate.gate));
    setState(result.firstChild, gate.result);
    setText(wanted, gate.wanted ?? "–");
    setText(found, gate.found ?? "–");
    setText(detail, gate.detail);
  });
}

function newGateRow() {
  const line = row(5);
  line.children[1].append(make("span"));
  return line;
}
