// The list of runs, and which of them is shown below it.

const MOST_RUNS = 50;

function selectedRun() {
  return new URLSearchParams(location.hash.slice(1)).get("run");
}

function select(runId) {
  location.hash = new URLSearchParams({ run: runId }).toString();
}

function showRuns(runs) {
  show(byId("no-runs"), runs.length === 0);
  const current = selectedRun();
  reconcile(byId("runs"), runs, (run) => run.run_id, newRunRow, (line, run) => {
    const [, plan, mode, state, started, by] = line.children;
    line.setAttribute("aria-current", String(run.run_id === current));
    setText(plan, run.plan);
    setText(mode, words(run.mode));
    setState(state.firstChild, run.state);
    setText(started, moment(run.started_at));
    setText(by, run.started_by);
  });
}

function newRunRow(run) {
  const line = row(6);
  const button = make("button", { type: "button", class: "link" }, run.run_id);
  button.addEventListener("click", () => {
    select(run.run_id);
    byId("run-title").focus();
  });
  line.firstChild.append(button);
  line.children[3].append(make("span"));
  return line;
}
