// Looking again and again: soon while something works, later when nothing does, ever later while nobody answers.

const SOON = 1500;
const LATER = 10000;
const LONGEST = 30000;
const METRICS_EVERY = 15000;

let timer = 0;
let turn = 0;
let failures = 0;
let lostSince = null;
let measuredAt = -Infinity;

async function look() {
  const mine = ++turn;
  clearTimeout(timer);
  if (!key.get() || document.hidden) return;
  try {
    const busy = await refresh(mine);
    if (mine !== turn) return;
    failures = 0;
    lostSince = null;
    tellConnection(`Connected; last looked at ${new Date().toLocaleTimeString()}`);
    timer = setTimeout(look, busy ? SOON : LATER);
  } catch (error) {
    if (mine === turn) lookLater(error);
  }
}

function pollNow() {
  failures = 0;
  look();
}

async function refresh(mine) {
  if (plans.length === 0) showPlans(await get("plans"));
  const runs = await get(`runs?limit=${MOST_RUNS}`);
  if (!selectedRun() && runs.length) history.replaceState(null, "", `#${new URLSearchParams({ run: runs[0].run_id })}`);
  const runId = selectedRun();
  const [status, causes] = runId
    ? await Promise.all([get(runPath(runId)), get(`dead-letters/causes?run_id=${encodeURIComponent(runId)}`)])
    : [null, []];
  if (mine !== turn) return false;
  showRuns(runs);
  if (status) {
    showRun(status, archivedOf(status.plan));
    showCauses(runId, causes);
  }
  if (performance.now() - measuredAt > METRICS_EVERY) {
    measuredAt = performance.now();
    showGauges(await (await call("metrics", { accept: "text/plain" })).text());
  }
  return runs.some((run) => WORKS.includes(run.state));
}

function lookLater(error) {
  if (error.status === 401) {
    leave();
    tellProblem(error);
    return;
  }
  if (!(error instanceof ConnectionLost)) tellProblem(error);
  failures += 1;
  lostSince ??= new Date();
  const pause = Math.min(LONGEST, SOON * 2 ** failures);
  const since = lostSince.toLocaleTimeString();
  tellConnection(`No good answer since ${since} (${error.message}). What is shown is of before. Next try in ${lasting(pause / 1000)}.`, true);
  timer = setTimeout(look, pause);
}

function tellConnection(text, lost = false) {
  const line = byId("connection");
  setText(line, text);
  line.classList.toggle("lost", lost);
  show(byId("retry"), lost);
}

function enter(event) {
  event.preventDefault();
  key.set(byId("key").value.trim());
  byId("key").value = "";
  dismissProblem();
  arrive();
}

function arrive() {
  show(byId("entrance"), !key.get());
  show(byId("inside"), Boolean(key.get()));
  show(byId("forget"), Boolean(key.get()));
  if (!key.get()) return;
  tellConnection("Connecting");
  byId("main").focus();
  pollNow();
}

function leave() {
  key.forget();
  clearTimeout(timer);
  turn += 1;
  plans = [];
  tellConnection("Not connected");
  for (const id of ["runs", "entity-rows", "gates", "causes", "gauges"]) byId(id).replaceChildren();
  show(byId("run"), false);
  arrive();
  byId("key").focus();
}

byId("key-form").addEventListener("submit", enter);
byId("forget").addEventListener("click", leave);
byId("retry").addEventListener("click", pollNow);
byId("problem-dismiss").addEventListener("click", dismissProblem);
byId("plan").addEventListener("change", showPlan);
byId("start-form").addEventListener("submit", startRun);
for (const action of Object.keys(ACTIONS)) byId(action).addEventListener("click", () => act(action));
byId("report-html").addEventListener("click", () => download("text/html", "html"));
byId("report-json").addEventListener("click", () => download("application/json", "json"));
addEventListener("hashchange", pollNow);
document.addEventListener("visibilitychange", pollNow);
arrive();
