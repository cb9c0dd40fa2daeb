// Starting a run.

let plans = [];

function showPlans(found) {
  plans = found;
  byId("plan").replaceChildren(...plans.map((plan) => make("option", { value: plan.plan }, `${plan.title} (${plan.plan})`)));
  showPlan();
}

function chosenPlan() {
  return plans.find((plan) => plan.plan === byId("plan").value);
}

function showPlan() {
  const plan = chosenPlan();
  byId("mode").replaceChildren(...(plan?.modes ?? []).map((mode) => make("option", { value: mode }, words(mode))));
  const imported = (plan?.entities ?? []).filter((entity) => !entity.archive_only);
  byId("entities").replaceChildren(
    ...imported.map((entity) => make("label", {}, make("input", { type: "checkbox", name: "entity", value: entity.name }), ` ${entity.name}`)),
  );
}

function archivedOf(planName) {
  const entities = plans.find((plan) => plan.plan === planName)?.entities ?? [];
  return new Set(entities.filter((entity) => entity.archive_only).map((entity) => entity.name));
}

function requestOf(form) {
  const ticked = [...form.querySelectorAll("input:checked")];
  const entities = ticked.filter((one) => one.name === "entity").map((one) => one.value);
  const options = Object.fromEntries(ticked.filter((one) => one.name !== "entity").map((one) => [one.name, true]));
  const request = { plan: byId("plan").value, mode: byId("mode").value, options };
  if (entities.length) request.entities = entities;
  return request;
}

async function startRun(event) {
  event.preventDefault();
  await attempt(async () => {
    const request = requestOf(event.target);
    const chosen = Object.keys(request.options).map(words);
    const what = `${words(request.mode)} of ${request.plan}, ${request.entities ? request.entities.join(", ") : "all entities"}`;
    if (!(await confirmed("Start this run?", `${what}${chosen.length ? `, with ${chosen.join(", ")}` : ""}.`, "Start"))) return;
    const started = await post("runs", request);
    byId("starting").open = false;
    select(started.run_id);
    byId("run-title").focus();
  });
}
